/**
 * Charts, settings, delivery, feed, store and small parts of the app: quick tests in one process, for each costs a
 * second before its first test.
 */
import '../app/bot.test.js';
import '../app/charts.test.js';
import '../app/commands.test.js';
import '../app/commit-queue.test.js';
import '../app/impairments.test.js';
import '../app/refresh-event.test.js';
import '../app/sight.test.js';
import '../app/standing.test.js';
import '../chart/chart.test.js';
import '../chart/history-chart.test.js';
import '../chart/png.test.js';
import '../config/config.test.js';
import '../countries/delegated.test.js';
import '../delivery/many-channels.test.js';
import '../delivery/plan.test.js';
import '../delivery/subscription-file.test.js';
import '../delivery/terminal.test.js';
import '../feed/hearing.test.js';
import '../feed/passage.test.js';
import '../feed/progress.test.js';
import '../feed/recording.test.js';
import '../feed/ris-live.test.js';
import '../feed/splice-buffer.test.js';
import '../observability/observability.test.js';
import '../store/memory.test.js';
import '../store/versions.test.js';
