import { dayMs, hourMs, minuteMs, type UnixMillis } from '../time.js';

/** Numbers, times and durations as the sentences write them: English, UTC. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const ordinals = ['zeroth', 'first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth'];

/** "2,903". */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** "1 route", "2,903 routes". */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** "12 %". Rounding never turns something into nothing, nor a part into the whole: "under 1 %", "99 %". */
export function percent(visible: number, share: number): string {
  if (visible > 0 && share < 0.01) return 'under 1 %';
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

/** "third" up to the ninth, then "12th". */
export function ordinal(value: number): string {
  const word = ordinals.at(value);
  if (word !== undefined) return word;
  const lastTwo = value % 100;
  const suffix = lastTwo >= 11 && lastTwo <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'].at(value % 10) ?? 'th');
  return `${count(value)}${suffix}`;
}

/** "16:15". */
function clockTime(at: UnixMillis): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** "22 Dec", with the year where it is not that of `now`. */
function day(at: UnixMillis, now: UnixMillis): string {
  const date = new Date(at);
  const year = date.getUTCFullYear();
  return (
    `${date.getUTCDate()} ` +
    `${months[date.getUTCMonth()]}${year === new Date(now).getUTCFullYear() ? '' : ` ${year}`}`
  );
}

function sameDay(a: UnixMillis, b: UnixMillis): boolean {
  return Math.floor(a / dayMs) === Math.floor(b / dayMs);
}

/** "16:15 UTC", with its date where that is not the day of `now`: "23:58 UTC on 21 Dec". */
export function moment(at: UnixMillis, now: UnixMillis): string {
  return `${clockTime(at)} UTC${sameDay(at, now) ? '' : ` on ${day(at, now)}`}`;
}

/**
 * "16:15-01:46 UTC"; with dates once it began a day or more before `now`, for then the times alone could mean another
 * day.
 */
export function span(from: UnixMillis, to: UnixMillis, now: UnixMillis): string {
  if (now - from < dayMs) return `${clockTime(from)}-${clockTime(to)} UTC`;
  if (sameDay(from, to)) return `${day(from, now)} ${clockTime(from)}-${clockTime(to)} UTC`;
  return `${day(from, now)} ${clockTime(from)} - ${day(to, now)} ${clockTime(to)} UTC`;
}

/** "45 min", "2 hrs", "5 days": whole units, rounded down, for "more than ...". */
export function elapsed(ms: number): string {
  if (ms < hourMs) return `${Math.max(1, Math.floor(ms / minuteMs))} min`;
  if (ms < 2 * dayMs) return plural(Math.floor(ms / hourMs), 'hr');
  return plural(Math.floor(ms / dayMs), 'day');
}

/**
 * "9 hr 31 min", "8 hr", "5 days 10 hr". Counted between the minutes shown, so that who subtracts the printed times
 * gets the printed duration.
 */
export function lengthOf(from: UnixMillis, to: UnixMillis): string {
  const minutes = Math.max(1, Math.floor(to / minuteMs) - Math.floor(from / minuteMs));
  const days = Math.floor(minutes / 1440);
  const parts: [number, string][] =
    days > 0
      ? [
          [days, days === 1 ? 'day' : 'days'],
          [Math.floor((minutes % 1440) / 60), 'hr'],
        ]
      : [
          [Math.floor(minutes / 60), 'hr'],
          [minutes % 60, 'min'],
        ];
  return parts.flatMap(([value, unit]) => (value > 0 ? [`${value} ${unit}`] : [])).join(' ');
}

/** "a 9 hr 31 min", "an 8 hr": a duration before its noun. */
export function lengthBeforeNoun(from: UnixMillis, to: UnixMillis): string {
  const text = lengthOf(from, to).replace('days', 'day');
  return `${/^(8|11 |18 )/.test(text) ? 'an' : 'a'} ${text}`;
}
