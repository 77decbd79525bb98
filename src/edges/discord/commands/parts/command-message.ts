import type { APIActionRowComponent, APIButtonComponent, APIEmbed } from 'discord.js';

/** A command's answer as data; only gateway.ts speaks to Discord. */
export interface CommandMessage {
  readonly content?: string;
  readonly embeds?: readonly APIEmbed[];
  readonly files?: readonly { readonly name: string; readonly data: Uint8Array; readonly description: string }[];
  readonly components?: readonly APIActionRowComponent<APIButtonComponent>[];
}
