import { RESTJSONErrorCodes } from 'discord.js';
import type { Answer } from './api.js';

export const tokenRefused = 'Discord refuses the token: reset it at discord.com/developers/applications and set DISCORD_TOKEN anew';

/** What a refusal about a channel means, in a sentence that says what to do. */
export function explainRefusal({ status, code, message }: Extract<Answer, { kind: 'refused' }>, channelId: string): string {
  switch (code as RESTJSONErrorCodes) {
    case RESTJSONErrorCodes.UnknownChannel:
      return `Discord knows no channel ${channelId}: it was deleted, or DISCORD_CHANNEL_ID is wrong`;
    case RESTJSONErrorCodes.MissingAccess:
      return `the bot may not see channel ${channelId}: it lacks the permission View Channel there, or is not in that server`;
    case RESTJSONErrorCodes.MissingPermissions:
      return `the bot may not write in channel ${channelId}: it lacks the permission Send Messages (in a thread: Send Messages in Threads)`;
    default:
      return `Discord refuses (HTTP ${status}, code ${code}): ${message.replace(/\s+/g, ' ')}`;
  }
}
