export { checkDiscord } from './check.js';
export { createDiscordSend } from './send.js';
