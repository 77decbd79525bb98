export { createDelivery, type Delivery } from './delivery.js';
export type { LoggedEvent, Outbox, Send, SendResult } from './ports.js';
export { createTerminalSend } from './terminal.js';
export { isTold } from './told.js';
