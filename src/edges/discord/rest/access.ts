/** What the bot may do in a channel, as far as the gateway has told us. */
export interface ChannelAccess {
  readonly channelId: string;
  readonly name: string;
  readonly guildId: string | null;
  readonly kind: 'text' | 'announcement' | 'thread' | 'dm' | 'other';
  /** The bot's permissions there, as bits of Discord's permission field. */
  readonly permissions: bigint;
}

/** Looks a channel up in memory; null: not known (the gateway was never up, or the bot does not see it). */
export type LookUpChannel = (channelId: string) => ChannelAccess | null;
