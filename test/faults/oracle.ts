/**
 * Decides what may and what must have been told, whatever faults there were. It takes "usable" from the pipeline's own
 * ticks, but checks it: outside of the faults and the time to recover from them, the table must be usable. Otherwise
 * blindness would excuse everything.
 */
import { isOver, type IncidentEvent } from '../../src/core/incidents/index.js';
import { shippedRules } from '../support/rules.js';
import type { RunLog, Tick } from './run.js';
import { endOf, minute, type Fault, type Outage, type Schedule } from './schedule.js';
import type { Dark } from './truth.js';

const second = 1_000;
const { detector } = shippedRules();
/** The tolerance for a told time. */
const exactMs = minute;
/** A decision may wait for a lapse to pass, for messages under way, and for the next tick. */
const slackMs = 60 * second;
/** Several countries at once, and decisions that depend on one collector, are held this long before they are told. */
const holdMs = 5 * minute + 30 * second;
const impairedMs = 5 * minute;
const loadingMs = 31 * minute;

interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is wrong with a run, a sentence each; empty if all is well. */
export function wrongs(schedule: Schedule, log: RunLog): string[] {
  const { outages } = schedule;
  const found: string[] = [];
  for (const { event } of log.told) {
    if (event.kind === 'notice' || event.kind === 'unstable') continue;
    const isTrue =
      event.country !== null && outages.some((outage) => outage.country === event.country && event.at >= outage.from);
    if (!isTrue) found.push(`false: ${inWords(event)}`);
  }
  const blind = blindSpans(schedule, log);
  for (const outage of outages) found.push(...wrongsOfOutage(outage, schedule, log, blind));
  found.push(...wrongsOfSight(schedule, log, blind), ...wrongsOfNotices(schedule, log, blind));
  return found;
}

/** Times on the clock without a usable tick for longer than a judgement survives. */
function blindSpans({ from, to }: Schedule, { ticks }: RunLog): Span[] {
  const usable = ticks.filter((tick) => tick.usable[0]).map(({ now }) => now);
  const spans: Span[] = [];
  let last = from;
  for (const now of [...usable, to]) {
    if (now - last > detector.freezeMs) spans.push({ from: last, to: now });
    last = now;
  }
  return spans;
}

/** When the country is down by the rules, computed from the true times of its prefixes. */
function truthOf({ country }: Outage, { model }: Schedule, darkness: readonly Dark[]): Span {
  const own = model.prefixes.filter((prefix) => prefix.country === country && prefix.family === 0);
  const dark = new Map(darkness.map((one) => [one.prefix, one]));
  const baseline = new Set(own.flatMap(({ units }) => units)).size;
  const isDownAt = (at: number): boolean => {
    const visible = own.filter(({ index }) => at < dark.get(index)!.from || at >= dark.get(index)!.to);
    const units = new Set(visible.flatMap((prefix) => prefix.units)).size;
    if (baseline <= detector.tiny.maxUnits) return units === 0;
    const [r, n] = [units / baseline, visible.length / own.length];
    const { low, high, leaveShare } = detector.down;
    const isLow = (r <= low && n <= high) || (n <= low && r <= high);
    return isLow || (at > darkness[0].to - minute && r < leaveShare);
  };
  const times = own.flatMap(({ index }) => [dark.get(index)!.from, dark.get(index)!.to]).sort((a, b) => a - b);
  const from = times.find(isDownAt)!;
  return { from, to: times.find((at) => at > from && !isDownAt(at))! };
}

/** When a run that began at `at` and must last `dwellMs` really begins: each blind span in it starts it again. */
function begins(at: number, dwellMs: number, blind: readonly Span[]): number {
  let start = at;
  for (const span of blind) if (span.to > start && span.from < start + dwellMs + slackMs) start = span.to;
  return start;
}

/**
 * Until when an outage may stay hidden. What falls into a short gap is judged without it until files fill the gap. And
 * peers that were away vote again only after warming: until then, those that kept the routes may outvote the others.
 */
function hiddenUntil(seenFrom: number, at: number, { faults }: Schedule): number {
  const hiding = faults.filter((fault) => ['sockets-cut', 'slow-consumer', 'peers-down', 'reset'].includes(fault.kind));
  const over = hiding
    .filter((fault) => at >= fault.at - exactMs && at <= endOf(fault) + exactMs)
    .map((fault) => endOf(fault) + Math.max(mendingMs(fault), 17 * minute));
  return Math.max(seenFrom, ...over);
}

function wrongsOfOutage(outage: Outage, schedule: Schedule, log: RunLog, blind: readonly Span[]): string[] {
  const { country } = outage;
  const truth = truthOf(outage, schedule, log.truth.darkness.get(outage)!);
  const told = log.told.filter(({ event }) => event.country === country && event.kind !== 'unstable');
  const found: string[] = [];
  const wrong = (text: string): void =>
    void found.push(`${country}, dark from ${clockTime(truth.from)} to ${clockTime(truth.to)}: ${text}`);
  const isTiny = country === 'KP';

  const seenFrom = hiddenUntil(begins(truth.from, detector.down.dwellMs, blind), truth.from, schedule);
  const down = told.find(
    ({ event }) =>
      (event.kind === 'opened' || event.kind === 'escalated') && event.level === 'down' && event.family === 'ipv4',
  );
  if (down === undefined) {
    if (seenFrom + detector.down.dwellMs + holdMs + slackMs < truth.to)
      wrong(`not found, though the table was usable from ${clockTime(seenFrom)}`);
    return [
      ...found,
      ...told
        .map(({ event }) => event)
        .filter((event) => event.kind === 'down-again')
        .map((event) => `${country}: ${inWords(event)} of what was never down`),
    ];
  }
  const since = down.event.since!;
  if (since < truth.from - exactMs || since > seenFrom + exactMs)
    wrong(`since ${clockTime(since)}, expected ${clockTime(truth.from)} to ${clockTime(seenFrom)}`);
  const late = down.now - Math.max(since, seenFrom) - detector.down.dwellMs;
  if (late > holdMs + slackMs) wrong(`told ${Math.round(late / second)} s late`);

  const incidents = new Set(told.map(({ event }) => event.incident));
  if (incidents.size > 1) wrong(`${incidents.size} incidents: ${told.map(({ event }) => inWords(event)).join('; ')}`);
  const ids = told.map(({ event }) => event.id);
  if (new Set(ids).size < ids.length) wrong('told twice');
  for (const { event } of told) if (event.kind === 'down-again') wrong(inWords(event));

  const leaveMs = isTiny ? detector.tiny.down.leaveMs : detector.down.leaveMs;
  const backFrom = begins(truth.to, leaveMs, blind);
  const restored = told.find(({ event }) => isOver(event) && event.family === 'ipv4');
  if (restored === undefined) {
    if (
      begins(backFrom, detector.whole.dwellMs + leaveMs, blind) + detector.whole.dwellMs + leaveMs + slackMs <
      schedule.to
    )
      wrong('its end was not told');
    return found;
  }
  const until = restored.event.until!;
  if (until < truth.to - exactMs || until > backFrom + exactMs)
    wrong(`until ${clockTime(until)}, expected ${clockTime(truth.to)} to ${clockTime(backFrom)}`);
  if (restored.event.since !== since) wrong(`its end says since ${clockTime(restored.event.since!)}`);
  return found;
}

/** How long after its end a fault may still make the table unusable, if there is no other; 0: it may not at all. */
function mendingMs(fault: Fault): number {
  switch (fault.kind) {
    case 'drops':
    case 'duplicates':
    case 'reordering':
    case 'dump':
    case 'late-files':
    case 'bad-files':
    case 'archive-away':
      return 0;
    case 'reset':
      return fault.peers.length <= 3 ? 0 : 17 * minute;
    case 'peers-down':
      return 17 * minute;
    default:
      // The file with the end of the fault appears up to 4 min after its own end. Meanwhile the stream may resume so
      // late that the next file is needed as well.
      return 19 * minute;
  }
}

/** When faults excuse an unusable table. Files that are late, broken or missing delay whatever waits for them. */
function excused({ faults, from }: Schedule): Span[] {
  const spans = [{ from, to: from + 12 * minute }];
  for (const fault of faults)
    if (mendingMs(fault) > 0) spans.push({ from: fault.at, to: endOf(fault) + mendingMs(fault) });
  const archive = faults.filter(({ kind }) => kind === 'late-files' || kind === 'bad-files' || kind === 'archive-away');
  for (let round = 0; round <= archive.length; round++) {
    for (const fault of archive) {
      const until = endOf(fault) + 15 * minute + (fault.kind === 'late-files' ? fault.byMs : 0);
      for (const span of spans) if (span.from < endOf(fault) && span.to > fault.at) span.to = Math.max(span.to, until);
    }
  }
  return spans.sort((a, b) => a.from - b.from);
}

function wrongsOfSight(schedule: Schedule, log: RunLog, blind: readonly Span[]): string[] {
  const spans = excused(schedule);
  const found: string[] = [];
  for (const { from, to } of blind) {
    let start = from;
    for (const span of spans) if (span.from <= start + minute && span.to > start) start = span.to;
    if (to - start > 2 * minute)
      found.push(
        `blind from ${clockTime(from)} to ${clockTime(to)} (${whyAt(log.ticks, from, to)}), which no fault ` +
          `excuses after ${clockTime(start)}`,
      );
  }
  return found;
}

function whyAt(ticks: readonly Tick[], from: number, to: number): string {
  const why = new Set(ticks.filter(({ now, usable }) => now > from && now <= to && !usable[0]).map((tick) => tick.why));
  return why.size === 0 ? 'no ticks' : [...why].join(', ');
}

/** When a process is awake and can tell anything. A load may take half an hour before it counts as trouble. */
function wakingHours({ faults }: Schedule, { lives }: RunLog): Span[] {
  const naps = faults.filter((fault) => fault.kind === 'asleep');
  return lives.flatMap(({ from, to }) => {
    const hours: Span[] = [];
    let awake = from + loadingMs;
    for (const { at, ms } of naps) {
      if (at >= to || at + ms <= awake) continue;
      hours.push({ from: awake, to: at });
      awake = at + ms;
    }
    return [...hours, { from: awake, to }];
  });
}

/** The operator must be told of blindness that lasts longer than five minutes, and of its end. */
function wrongsOfNotices(schedule: Schedule, log: RunLog, blind: readonly Span[]): string[] {
  const notices = log.told.filter(({ event }) => event.kind === 'notice');
  const found: string[] = [];
  const standing = new Map<string, number>();
  const periods: { from: number; to: number }[] = [];
  for (const { event, now } of notices) {
    const begun = event.id.replace(/-over$/, '');
    if (event.id === begun) {
      if (standing.has(begun)) found.push(`the operator was told twice: ${String(event.notice)}`);
      standing.set(begun, now);
    } else if (!standing.has(begun)) found.push(`the operator was told of the end alone: ${String(event.notice)}`);
    else {
      periods.push({ from: standing.get(begun)!, to: now });
      standing.delete(begun);
    }
  }
  for (const [id, from] of standing) {
    periods.push({ from, to: Infinity });
    if (blind.every((span) => span.to < schedule.to)) found.push(`the operator was not told of the end of ${id}`);
  }
  for (const span of blind) {
    for (const { from: awake, to: end } of wakingHours(schedule, log)) {
      const from = Math.max(span.from, awake);
      const until = Math.min(span.to, end);
      const dueAt = from + impairedMs + 90 * second;
      if (until <= dueAt || periods.some((period) => period.from <= dueAt && period.to > from)) continue;
      found.push(
        `the operator was not told of blindness from ${clockTime(from)} to ${clockTime(until)} ` +
          `(${whyAt(log.ticks, from, until)})`,
      );
    }
  }
  return found;
}

function inWords({ country, family, kind, level, since, at, reason }: IncidentEvent): string {
  return (
    `${clockTime(at)} ${country ?? 'many'} ${family ?? ''} ${kind} ` +
    `${level}${since === null ? '' : ` since ${clockTime(since)}`} (${reason})`
  );
}

const clockTime = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString().slice(11, 19) : 'never');
