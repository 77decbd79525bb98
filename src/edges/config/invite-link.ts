/**
 * View Channel, Send Messages, Embed Links, Attach Files, Read Message History, Send Messages in Threads: bits 10, 11,
 * 14, 15, 16 and 38 of Discord's permissions.
 */
const permissions = (1n << 10n) | (1n << 11n) | (1n << 14n) | (1n << 15n) | (1n << 16n) | (1n << 38n);

/** Where a server's owner lets the bot in. */
export function inviteLink(applicationId: string): string {
  const asked = `scope=bot+applications.commands&permissions=${permissions}`;
  return `https://discord.com/oauth2/authorize?client_id=${applicationId}&${asked}`;
}
