import { RESTJSONErrorCodes as Code } from 'discord.js';
import type { Answer } from './api.js';

export const tokenRefused =
  'Discord refuses the token: reset it at discord.com/developers/applications and set DISCORD_TOKEN anew';

export type Refusal = Extract<Answer, { kind: 'refused' }>;

const byCode = new Map<number, (channelId: string) => string>([
  [Code.UnknownChannel, (id) => `Discord knows no channel ${id}: it was deleted, or its id is wrong`],
  [
    Code.MissingAccess,
    (id) => `the bot may not see channel ${id}: it lacks the permission View Channel there, or is not in that server`,
  ],
  [
    Code.MissingPermissions,
    (id) =>
      `the bot may not write in channel ${id}: it lacks the permission Send Messages (in a thread: Send ` +
      'Messages in Threads)',
  ],
  [
    Code.CannotSendMessagesToThisUser,
    (id) => `the bot may not write to the person of direct messages ${id}: they take none from it, or have blocked it`,
  ],
  [
    Code.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
    (id) => `the bot may not write to the person of direct messages ${id}: they share no server with it any more`,
  ],
  [Code.CannotSendMessagesInNonTextChannel, (id) => `channel ${id} is none for text`],
  [Code.InvalidActionOnArchivedThread, (id) => `the thread ${id} is archived: write something in it to open it again`],
  [Code.ThreadLocked, (id) => `the thread ${id} is locked: unlock it, or give the bot the permission Manage Threads`],
]);

/** What a refusal about a channel means, in a sentence that says what to do. */
export function explainRefusal({ status, code, message }: Refusal, channelId: string): string {
  return (
    byCode.get(code)?.(channelId) ?? `Discord refuses (HTTP ${status}, code ${code}): ${message.replace(/\s+/g, ' ')}`
  );
}

const unknownChannel: number = Code.UnknownChannel;
/** Refusals with status 400 that speak of the channel nonetheless. */
const ofTheChannel: ReadonlySet<number> = new Set([
  Code.CannotSendMessagesInNonTextChannel,
  Code.InvalidActionOnArchivedThread,
]);
/** Refusals that pass: a slow mode, a write limit of the channel, a part of Discord that is switched off. */
const passing: ReadonlySet<number> = new Set([
  Code.ActionCannotBePerformedDueToSlowmodeRateLimit,
  Code.ChannelWriteRateLimit,
  Code.CloudflareIsBlockingYourRequest,
]);

export type RefusalKind = 'gone' | 'closed' | 'passing' | 'the-message';

/** What is refused: the channel for good, the channel until somebody mends something, for now, or what we wrote. */
export function kindOfRefusal({ status, code }: Refusal): RefusalKind {
  if (code === unknownChannel) return 'gone';
  if (passing.has(code) || status === 429) return 'passing';
  return status === 403 || status === 404 || ofTheChannel.has(code) ? 'closed' : 'the-message';
}
