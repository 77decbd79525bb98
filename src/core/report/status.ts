import { isOver, type IncidentEvent } from '../incidents/index.js';
import { moment, percent, span } from './figures.js';
import { remains } from './text.js';

/**
 * A country's status after an event, in a few words: "down since 16:15 UTC on 22 Dec", "IPv6 down 10:26-14:32 UTC".
 */
export function renderStatus(event: IncidentEvent, now: number): string {
  const { kind, level, worst, since, until } = event;
  const family = event.family === 'ipv6' ? 'IPv6 ' : '';
  if (kind === 'new-normal') return `${family}settled at ${percent(event.visible, event.share)} of its address space`;
  const started = since ?? event.at;
  if (kind === 'restored')
    return (
      `${family}${conditions[worst]} ` + (until === null ? `since ${moment(started, now)}` : span(started, until, now))
    );
  if (kind === 'unstable') return `${family}unstable since ${moment(started, now)}`;
  if (level !== worst) return `${family}partly back${until === null ? '' : ` since ${moment(until, now)}`}`;
  return `${family}${conditions[level]} since ${moment(started, now)}`;
}

/** The same with what is left: "down since 16:15 UTC, all 4 routes withdrawn"; "down 10:26-14:32 UTC, over now". */
export function renderStatusLine(event: IncidentEvent, now: number): string {
  const status = renderStatus(event, now);
  if (isOver(event)) return event.kind === 'restored' ? `${status}, over now` : status;
  return `${status}, ` + remains(event, event.level === event.worst && event.kind !== 'unstable' ? 'left' : 'visible');
}

const conditions = { down: 'down', major: 'major outage', degraded: 'degraded', normal: 'normal' } as const;
