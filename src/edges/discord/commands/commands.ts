import { about } from './about.js';
import { chart } from './chart.js';
import type { Command } from './parts/command.js';
import { history } from './history.js';
import { mute } from './mute.js';
import { outages } from './outages.js';
import { status } from './status.js';
import { subscribe } from './subscribe.js';
import { subscriptions } from './subscriptions.js';
import { testAlert } from './test-alert.js';
import { unsubscribe } from './unsubscribe.js';
import { watch } from './watch.js';

/** Every command there is. */
export const commands: readonly Command[] = [
  status,
  outages,
  history,
  chart,
  about,
  subscribe,
  unsubscribe,
  watch,
  subscriptions,
  mute,
  testAlert,
];
