import type { Clock } from '../../clock.js';
import type { FeedLog } from '../feed-log.js';
import type { LoadProgress } from './intake-report.js';

const redrawMs = 200;
const logEveryMs = 10_000;
const barCells = 24;

/** Where the bar is drawn, if it is a terminal. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Progress {
  readonly show: (progress: LoadProgress) => void;
}

/** What goes on, as the bar says it and as the log does; a download alone has no elems to count. */
export interface ProgressWords {
  readonly bar: string;
  readonly log: string;
  readonly countsElems: boolean;
}

const loading: ProgressWords = { bar: 'Loading routes', log: 'loading routes', countsElems: true };

/** Shows how far the start is: on a terminal one bar, drawn again and again; elsewhere a line in the log every 10 s. */
export function createProgress(output: ProgressOutput, clock: Clock, log: FeedLog, words = loading): Progress {
  const latest = new Map<string, LoadProgress>();
  let startedAt = 0;
  let shownAt = -Infinity;

  function figures(): { readonly share: number; readonly text: string; readonly done: boolean } {
    const all = [...latest.values()];
    const share = all.reduce((sum, progress) => sum + progress.share, 0) / all[0].collectors;
    const elems = all.reduce((sum, progress) => sum + progress.elems, 0);
    const seconds = (clock.now() - startedAt) / 1000;
    const rate = seconds > 0 ? elems / seconds : 0;
    const busy = all.filter(({ phase }) => phase === 'rib' || phase === 'updates');
    const waiting = busy.length === 0 && all.some(({ phase }) => phase === 'waiting');
    const left = waiting
      ? 'waiting for the newest update files'
      : share > 0
        ? `${duration((seconds * (1 - share)) / share)} left`
        : 'time left unknown';
    const parts = busy.map(({ collector, phase, bytesDone, bytesTotal }) =>
      phase === 'rib'
        ? `${collector} RIB ${megabytes(bytesDone)}${bytesTotal === null ? '' : `/${megabytes(bytesTotal)}`} MB`
        : `${collector} updates`,
    );
    const text = [
      `${Math.floor(share * 100)} %`,
      left,
      ...(words.countsElems ? [`${count(rate)} elems/s`] : []),
      ...parts,
    ].join(', ');
    return { share, text, done: all.length === all[0].collectors && all.every(isOver) };
  }

  return {
    show(progress) {
      const now = clock.now();
      if (latest.size === 0) startedAt = now;
      latest.set(progress.collector, progress);
      if (!isOver(progress) && now - shownAt < (output.isTTY ? redrawMs : logEveryMs)) return;
      shownAt = now;
      const { share, text, done } = figures();
      if (output.isTTY) {
        const filled = Math.round(share * barCells);
        const line = `${words.bar} [${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}] ${text}`;
        output.write(`\r\u001b[2K${done ? '' : line.slice(0, Math.max(20, (output.columns ?? 80) - 1))}`);
      } else {
        log.info({ share: Math.round(share * 1000) / 1000 }, `${words.log}: ${text}`);
      }
      // The next start counts from zero.
      if (done) latest.clear();
    },
  };
}

const isOver = ({ phase }: LoadProgress): boolean => phase === 'loaded' || phase === 'lost' || phase === 'given-up';

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

function count(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  return value >= 1e3 ? `${Math.round(value / 1e3)} k` : String(Math.round(value));
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
