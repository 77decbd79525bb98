import type { Clock } from '../clock.js';
import type { BootstrapProgress } from '../feed/index.js';
import type { Logger } from '../observability/index.js';
import type { Output } from './world.js';

const redrawMs = 200;
const lineEveryMs = 10_000;
const barWidth = 30;

/** Shows how far a bootstrap is: on a terminal one line that is redrawn, in logs a line every ten seconds. */
export function createProgress(of: number, stream: Output, clock: Clock, logger: Logger): (progress: BootstrapProgress) => void {
  let collectors = new Map<string, BootstrapProgress>();
  let startedAt = 0;
  let shownAt = -Infinity;

  return (progress) => {
    const now = clock.now();
    if (collectors.size === 0) startedAt = now;
    collectors.set(progress.collector, progress);
    const all = [...collectors.values()];
    const ended = all.length === of && all.every(({ phase }) => phase === 'loaded' || phase === 'given-up');
    if (!ended && now - shownAt < (stream.isTTY === true ? redrawMs : lineEveryMs)) return;
    shownAt = now;
    const seconds = Math.max(1, (now - startedAt) / 1000);
    const share = all.reduce((sum, one) => sum + one.share, 0) / of;
    const elems = all.reduce((sum, one) => sum + one.elems, 0);
    const rate = `${Math.round(elems / seconds).toLocaleString('en')} routes/s`;
    const left = share > 0.02 && share < 1 ? `, ${durationOf((seconds * (1 - share)) / share)} left` : '';
    const loaded = all.filter(({ phase }) => phase === 'loaded').length;
    if (stream.isTTY === true) {
      const full = Math.round(share * barWidth);
      const bar = `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
      const text = `${bar} ${Math.floor(share * 100)} %  ${rate}${left}  (${progress.collector}: ${progress.phase})`;
      stream.write(`\r${text.slice(0, (stream.columns ?? 80) - 1)}\x1b[K${ended ? '\n' : ''}`);
    } else {
      logger.info({ loaded, of, percent: Math.floor(share * 100), elems }, `loading the routing tables: ${rate}${left}`);
    }
    // The next table starts its own count.
    if (ended) collectors = new Map();
  };
}

/** "40 s", "12 min" */
function durationOf(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
