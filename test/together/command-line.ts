/** The command line in processes of its own: tests in one process, for each costs a second before its first test. */
import '../app/registry.test.js';
import '../app/start.test.js';
import '../app/subscriptions.test.js';
import '../replay/days.test.js';
