import { Routes } from 'discord.js';
import { createApi, type Answer, type ApiOptions } from './api.js';
import { explainRefusal, tokenRefused } from './refusal.js';

export type DiscordCheck =
  | {
      readonly kind: 'ok';
      readonly botName: string;
      /** For the invite link. */
      readonly applicationId: string;
      /** How many servers the bot is in; at most 200 are counted. */
      readonly servers: number;
      /** null: none was asked for. */
      readonly channel:
        { readonly kind: 'found'; readonly name: string } | { readonly kind: 'closed'; readonly reason: string } | null;
    }
  /** The token is no good: trying again will not help. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Asks Discord who we are, how many servers let us in, and, where a channel is named, what it is called. */
export async function checkDiscord(
  options: ApiOptions & { readonly channelId: string | null },
  signal: AbortSignal,
): Promise<DiscordCheck> {
  const api = createApi(options);
  const user = await api.get(Routes.user(), signal);
  if (user.kind === 'unauthorized') return { kind: 'refused', reason: tokenRefused };
  const botName = text(user, 'username');
  const userId = text(user, 'id');
  if (botName === null || userId === null) return { kind: 'unreachable', reason: reasonOf(user) };

  const { channelId } = options;
  const [application, guilds, channel] = await Promise.all([
    api.get(Routes.oauth2CurrentApplication(), signal),
    api.get(Routes.userGuilds(), signal),
    channelId === null ? null : api.get(Routes.channel(channelId), signal),
  ]);
  if (guilds.kind !== 'ok' || !Array.isArray(guilds.body)) return { kind: 'unreachable', reason: reasonOf(guilds) };
  if (channel !== null && channel.kind !== 'ok' && channel.kind !== 'refused')
    return { kind: 'unreachable', reason: reasonOf(channel) };
  return {
    kind: 'ok',
    botName,
    // Bots made since 2016 share their application's id.
    applicationId: text(application, 'id') ?? userId,
    servers: guilds.body.length,
    channel: channel === null || channelId === null ? null : channelOf(channel, channelId),
  };
}

function channelOf(
  answer: Extract<Answer, { kind: 'ok' | 'refused' }>,
  channelId: string,
): Extract<DiscordCheck, { kind: 'ok' }>['channel'] {
  if (answer.kind === 'refused') return { kind: 'closed', reason: explainRefusal(answer, channelId) };
  // A direct message has no name.
  return { kind: 'found', name: text(answer, 'name') ?? channelId };
}

function text(answer: Answer, key: string): string | null {
  if (answer.kind !== 'ok' || typeof answer.body !== 'object' || answer.body === null) return null;
  const value = (answer.body as Record<string, unknown>)[key];
  return typeof value === 'string' ? value : null;
}

function reasonOf(answer: Answer): string {
  switch (answer.kind) {
    case 'ok':
      return "an answer that is not Discord's (is DISCORD_API_URL right?)";
    case 'rate-limited':
      return 'rate limited by Discord';
    case 'unauthorized':
      return tokenRefused;
    case 'refused':
      return `Discord refuses (HTTP ${answer.status}, code ${answer.code}): ${answer.message}`;
    case 'unreachable':
      return answer.reason;
  }
}
