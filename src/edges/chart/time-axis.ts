import { dayMs, hourMs, minuteMs } from '../../core/time.js';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Distances between ticks that people read easily. */
const stepsMs = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minuteMs),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hourMs),
  ...[1, 2, 5, 7].map((days) => days * dayMs),
];

export interface Tick {
  /** Unix ms. */
  readonly at: number;
  /** "16:15", or the date where a day begins. */
  readonly label: string;
  readonly newDay: boolean;
}

/**
 * Ticks of a UTC time axis: round times in from <= at <= to, at most `most` of them unless the range exceeds `most`
 * weeks.
 */
export function timeTicks(from: number, to: number, most: number): Tick[] {
  const step =
    stepsMs.find((candidate) => Math.floor(to / candidate) - Math.ceil(from / candidate) < most) ?? 7 * dayMs;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const newDay = at % dayMs === 0;
    ticks.push({ at, newDay, label: newDay ? dayOf(at) : timeOf(at) });
  }
  return ticks;
}

/** "16:15", UTC. */
export function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** "22 Dec", UTC. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
}

/** The days a range touches, with their year: "22 Dec 2014", "22-23 Dec 2014", "30 Dec 2014 - 2 Jan 2015". */
export function daysOf(from: number, to: number): string {
  const last = Math.max(from, to - 1);
  const [first, final] = [new Date(from), new Date(last)];
  if (first.getUTCFullYear() !== final.getUTCFullYear()) {
    return `${dayOf(from)} ${first.getUTCFullYear()} – ${dayOf(last)} ${final.getUTCFullYear()}`;
  }
  const year = final.getUTCFullYear();
  if (dayOf(from) === dayOf(last)) return `${dayOf(from)} ${year}`;
  if (first.getUTCMonth() === final.getUTCMonth()) return `${first.getUTCDate()}–${dayOf(last)} ${year}`;
  return `${dayOf(from)} – ${dayOf(last)} ${year}`;
}

/** "9 hr 31 min", "5 days 10 hr": counted between the minutes, as the sentence beside the chart counts them. */
export function durationOf(from: number, to: number): string {
  const minutes = Math.max(1, Math.floor(to / minuteMs) - Math.floor(from / minuteMs));
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const parts = days > 0 ? [`${days} day${days === 1 ? '' : 's'}`, hours > 0 ? `${hours} hr` : ''] : [];
  if (days === 0) parts.push(hours > 0 ? `${hours} hr` : '', minutes % 60 > 0 ? `${minutes % 60} min` : '');
  return parts.filter((part) => part !== '').join(' ');
}
