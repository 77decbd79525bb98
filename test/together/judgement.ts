/** What is judged and said: quick tests in one process, for each costs a second before its first test. */
import '../architecture.test.js';
import '../detector/instability.test.js';
import '../detector/levels.test.js';
import '../detector/properties.test.js';
import '../guards/guards.test.js';
import '../incidents/documented.test.js';
import '../incidents/ipv6.test.js';
import '../incidents/registry.test.js';
import '../incidents/rules.test.js';
import '../pipeline.test.js';
import '../report/backlog.test.js';
import '../report/lines.test.js';
import '../report/text.test.js';
