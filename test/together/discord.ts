/**
 * Discord, without the program around it: quick tests in one process, for each costs a second before its first test.
 */
import '../discord/check.test.js';
import '../discord/commands/chart-about.test.js';
import '../discord/commands/definitions.test.js';
import '../discord/commands/history.test.js';
import '../discord/commands/managing.test.js';
import '../discord/commands/outages.test.js';
import '../discord/commands/status.test.js';
import '../discord/commands/subscribe.test.js';
import '../discord/gateway.test.js';
import '../discord/interactions.test.js';
import '../discord/known-channels.test.js';
import '../discord/loopback-gateway.test.js';
import '../discord/loopback-interactions.test.js';
import '../discord/loopback-rest.test.js';
import '../discord/message.test.js';
import '../discord/registration.test.js';
import '../discord/send.test.js';
