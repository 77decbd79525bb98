export type { ChannelAccess, LookUpChannel } from './access.js';
export type { ApiOptions, RequestOutcome } from './api.js';
export type { Charts, DrawnChart } from './charts.js';
export { checkDiscord } from './check.js';
export { createDiscordSend, type DiscordSendOptions } from './send.js';
