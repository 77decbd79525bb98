export { Delivery } from './delivery.js';
export { createEditSubscription, type EditSubscription } from './edit-subscription.js';
export type { DeliveryReport } from './lanes/lane-server.js';
export { createOperator, type Operator } from './operator.js';
export { planOf, toldAfter, type Plan } from './plan/plan.js';
export {
  priorities,
  type ChannelState,
  type EventLog,
  type Expansion,
  type FindResult,
  type LoggedEvent,
  type Message,
  type Notes,
  type Outbox,
  type Owed,
  type Priority,
  type Send,
  type SendResult,
  type Subscriptions,
  type ToldRecord,
} from './ports.js';
export {
  isMuted,
  newSubscription,
  severities,
  subscriptionVersion,
  thresholdOf,
  tombstoneMs,
  updateModes,
  type Severity,
  type Subscription,
  type SubscriptionStanding,
  type UpdateMode,
} from './subscriptions/subscription.js';
export { parseSubscription, parseSubscriptionFile, renderSubscriptionFile } from './subscriptions/subscription-file.js';
export { createTerminal, type Terminal } from './terminal.js';
