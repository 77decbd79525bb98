export { checkDiscord, type DiscordCheck } from './check.js';
export { createDiscordSend, type DiscordSendOptions } from './send.js';
