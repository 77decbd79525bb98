/** The whole service on a clock of its own: tests in one process, for each costs a second before its first test. */
import '../e2e/roles.test.js';
import '../e2e/service.test.js';
