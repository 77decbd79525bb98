import { RESTJSONErrorCodes } from 'discord.js';
import type { Answer } from './api.js';

export const tokenRefused = 'Discord refuses the token: reset it at discord.com/developers/applications and set DISCORD_TOKEN anew';

const byCode = new Map<number, (channelId: string) => string>([
  [RESTJSONErrorCodes.UnknownChannel, (id) => `Discord knows no channel ${id}: it was deleted, or DISCORD_CHANNEL_ID is wrong`],
  [
    RESTJSONErrorCodes.MissingAccess,
    (id) => `the bot may not see channel ${id}: it lacks the permission View Channel there, or is not in that server`,
  ],
  [
    RESTJSONErrorCodes.MissingPermissions,
    (id) => `the bot may not write in channel ${id}: it lacks the permission Send Messages (in a thread: Send Messages in Threads)`,
  ],
]);

/** What a refusal about a channel means, in a sentence that says what to do. */
export function explainRefusal({ status, code, message }: Extract<Answer, { kind: 'refused' }>, channelId: string): string {
  return byCode.get(code)?.(channelId) ?? `Discord refuses (HTTP ${status}, code ${code}): ${message.replace(/\s+/g, ' ')}`;
}
