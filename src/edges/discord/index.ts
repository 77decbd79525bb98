export type { ChannelAccess, LookUpChannel } from './rest/access.js';
export type { ApiOptions, RequestOutcome } from './rest/api.js';
export type { Charts, DrawnChart } from './messages/charts.js';
export { checkDiscord } from './rest/check.js';
export { requestsPerSecond } from './rest/requests-per-second.js';
export { createDiscordSend, type DiscordSendOptions } from './messages/send.js';
export { commands } from './commands/commands.js';
export { createGateway, type Gateway, type GatewayEnd, type GatewayOptions } from './gateway/gateway.js';
export type { GatewayHealth } from './gateway/gateway-health.js';
export type { CommandOutcome } from './gateway/interactions.js';
export {
  definitionsOf,
  registerCommands,
  type Registration,
  type RegistrationOptions,
} from './gateway/registration.js';
