import { readFileSync } from 'node:fs';
import type { CountrySample } from '../../../src/core/countries/index.js';
import {
  initialDetectorState,
  parseDetectorSettings,
  step,
  type DetectorState,
  type Reason,
} from '../../../src/core/detector/index.js';
import {
  askAdoption,
  fold,
  initialIncidentState,
  openFamilies,
  parseIncidentSettings,
  type IncidentEvent,
  type IncidentState,
} from '../../../src/core/incidents/index.js';

const problems: string[] = [];
const rules = JSON.parse(readFileSync(new URL('../../../config/rules.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>;
export const detectorSettings = parseDetectorSettings(rules['detector'], 'detector', problems);
export const incidentSettings = parseIncidentSettings(rules['incidents'], 'incidents', problems);
if (problems.length > 0) throw new Error(problems.join('\n'));

const families = ['ipv4', 'ipv6'] as const;
const binMs = 300_000;
const noFlips: readonly number[] = [];
const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A story says in words what each tick measured: "10m 84/80; 60s ?; 2h 0/0". */
export interface Story {
  readonly country?: string;
  /** The time of the first tick. */
  readonly from?: string;
  /** Baseline units/prefixes, then the number of origins (default: 5). */
  readonly base?: string;
  readonly base6?: string;
  /**
   * Segments of "duration units/prefixes"; "?" is an unusable table, "-" no tick at all. A single number stands for
   * both.
   */
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Time between ticks; default "10s". Stories of weeks use a minute. */
  readonly tick?: string;
  /**
   * When the operator adopts the present IPv4 level, counted from the first tick: "2h". Nothing checks whether that is
   * allowed.
   */
  readonly adopt?: string;
}

export interface Told {
  /** Level changes of both families: "00:03:00 normal -> down since 00:01:00". */
  readonly moves: string[];
  /** Events: "00:03:00 opened down since 00:01:00". */
  readonly lines: string[];
  readonly events: IncidentEvent[];
  readonly detector: { readonly ipv4: DetectorState; readonly ipv6: DetectorState };
  readonly incidents: IncidentState;
}

export function repeat(times: number, script: string): string {
  return Array.from({ length: times }, () => script).join('; ');
}

type Segment = { readonly ticks: number; readonly value: readonly [number, number] | '?' | '-' };

export function durationMs(text: string): number {
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhd])/g))
    total += Number(digits) * unitMs[unit as keyof typeof unitMs];
  return total;
}

function pair(text: string): [number, number] {
  const [units, prefixes = units] = text.split('/').map(Number);
  return [units, prefixes];
}

function segments(script: string, tickMs: number): Segment[] {
  return script.split(';').map((part) => {
    const [duration, value] = part.trim().split(/\s+/);
    return { ticks: durationMs(duration) / tickMs, value: value === '?' || value === '-' ? value : pair(value) };
  });
}

/** One family of a story: its samples, with flips and bins as core/countries makes them. */
class FamilyTrack {
  readonly #script: Segment[];
  readonly #base: readonly [number, number];
  readonly #origins: number;
  readonly #ticksInBin: number;
  #segment = 0;
  #inSegment = 0;
  #lastPrefixes: number | null = null;
  #binTicks: number[] = [];
  #at = 0;
  /** By window length: the last spread, and the bins it was computed from. */
  readonly #spreads = new Map<
    number,
    { readonly first: number; readonly from: number; readonly bins: number; readonly spread: number | null }
  >();
  readonly #bins: { at: number; units: number }[] = [];

  constructor(script: string, base: string, tickMs: number) {
    this.#ticksInBin = binMs / tickMs;
    this.#script = segments(script, tickMs);
    const [counts, origins = '5'] = base.split(' ');
    this.#base = pair(counts);
    this.#origins = Number(origins);
  }

  get ticks(): number {
    return this.#script.reduce((sum, { ticks }) => sum + ticks, 0);
  }

  next(country: string, family: 'ipv4' | 'ipv6', at: number): CountrySample | null {
    while (this.#segment < this.#script.length - 1 && this.#inSegment >= this.#script[this.#segment].ticks) {
      this.#segment++;
      this.#inSegment = 0;
    }
    this.#inSegment++;
    this.#at = at;
    const { value } = this.#script[this.#segment];
    if (at % binMs === 0) this.#closeBin(at - binMs);
    if (value === '-') return null;
    const [baseUnits, basePrefixes] = this.#base;
    const [units, prefixes] = value === '?' ? [0, 0] : value;
    const flipped = value === '?' || baseUnits > 256 ? [] : this.#flips(prefixes);
    if (value !== '?') this.#binTicks.push(units);
    return {
      country,
      label: null,
      family,
      at,
      usable: value !== '?',
      units,
      prefixes,
      flipped,
      baseline:
        baseUnits === 0
          ? null
          : { units: baseUnits, prefixes: basePrefixes, origins: this.#origins, provisional: false },
      // `this` and not a new function for each tick, because creating those would cost more than the call.
      shares: this,
      voters: 40,
      collectors: 3,
    };
  }

  #flips(prefixes: number): readonly number[] {
    const before = this.#lastPrefixes ?? prefixes;
    this.#lastPrefixes = prefixes;
    if (before === prefixes) return noFlips;
    return Array.from({ length: Math.abs(prefixes - before) }, (_, index) => Math.min(prefixes, before) + index);
  }

  #closeBin(at: number): void {
    const sorted = this.#binTicks.sort((a, b) => a - b);
    if (sorted.length >= this.#ticksInBin / 2) this.#bins.push({ at, units: sorted[Math.floor(sorted.length / 2)] });
    this.#binTicks = [];
  }

  /**
   * max - min of the bins that lie wholly within `ms` before the last tick. Computed again only when the bins change.
   */
  spread(ms: number): number | null {
    const first = Math.ceil((this.#at - ms) / binMs) * binMs;
    const known = this.#spreads.get(ms);
    if (known?.first === first && known.bins === this.#bins.length) return known.spread;
    let from = known?.from ?? 0;
    while (from < this.#bins.length && this.#bins[from].at < first) from++;
    const isCovered = this.#bins.length - from >= 0.8 * Math.floor(ms / binMs);
    const units = isCovered ? this.#bins.slice(from).map((bin) => bin.units) : [];
    const spread = isCovered ? (Math.max(...units) - Math.min(...units)) / this.#base[0] : null;
    this.#spreads.set(ms, { first, from, bins: this.#bins.length, spread });
    return spread;
  }
}

/**
 * Plays a story through detector and incidents, as the pipeline does. `through` is applied to the states between ticks.
 */
export function play(story: Story, through: <T extends object>(state: T) => T = (state) => state): Told {
  const { country = 'XX', base = '100/100', base6 = '0/0', ipv4, ipv6 } = story;
  const start = Date.parse(story.from ?? '2024-01-01T00:00:00Z');
  const tickMs = durationMs(story.tick ?? '10s');
  const length = Math.max(
    new FamilyTrack(ipv4 ?? '0s 0', base, tickMs).ticks,
    new FamilyTrack(ipv6 ?? '0s 0', base6, tickMs).ticks,
  );
  const whole = (counts: string): string => `${(length * tickMs) / 1000}s ${counts.split(' ')[0]}`;
  const tracks = {
    ipv4: new FamilyTrack(ipv4 ?? whole(base), base, tickMs),
    ipv6: new FamilyTrack(ipv6 ?? whole(base6), base6, tickMs),
  };
  const clock = createClock(start);
  let detector = { ipv4: initialDetectorState, ipv6: initialDetectorState };
  let incidents = initialIncidentState;
  const moves: string[] = [];
  const events: IncidentEvent[] = [];
  const adoptAt = story.adopt === undefined ? null : start + durationMs(story.adopt);
  for (let tick = 0; tick < length; tick++) {
    const at = start + tick * tickMs;
    if (at === adoptAt) incidents = askAdoption(incidents, 'ipv4') ?? incidents;
    const samples = { ipv4: tracks.ipv4.next(country, 'ipv4', at), ipv6: tracks.ipv6.next(country, 'ipv6', at) };
    if (samples.ipv4 === null || samples.ipv6 === null) continue;
    const both = { ipv4: samples.ipv4, ipv6: samples.ipv6 };
    const open = openFamilies(incidents);
    const input = {
      at,
      samples: both,
      detector: {
        ipv4: stepped(detector.ipv4, both.ipv4, open.includes('ipv4')),
        ipv6: stepped(detector.ipv6, both.ipv6, open.includes('ipv6')),
      },
    };
    for (const family of families) {
      const { reason } = input.detector[family];
      if (reason.kind !== 'entered' && reason.kind !== 'left') continue;
      const until = reason.kind === 'left' ? ` until ${clock(reason.until)}` : '';
      moves.push(
        `${clock(at)} ${family === 'ipv6' ? 'ipv6 ' : ''}${reason.from} -> ${reason.to} since ` +
          `${clock(reason.since)}${until}`,
      );
    }
    const folded = fold(incidents, input, incidentSettings);
    events.push(...folded.events);
    detector = { ipv4: through(input.detector.ipv4.after), ipv6: through(input.detector.ipv6.after) };
    incidents = through(folded.state);
  }
  return { moves, events, lines: events.map((event) => line(event, clock)), detector, incidents };
}

function stepped(
  before: DetectorState,
  sample: CountrySample,
  isOpen: boolean,
): { before: DetectorState; after: DetectorState; reason: Reason } {
  const { state, reason } = step(before, sample, isOpen, detectorSettings);
  return { before, after: state, reason };
}

/** Time of day, after the number of days since the story began: "10:26:00", "1d 14:32:00". */
function createClock(start: number): (at: number) => string {
  const firstDay = Math.floor(start / unitMs.d);
  return (at) => {
    const day = Math.floor(at / unitMs.d) - firstDay;
    return `${day > 0 ? `${day}d ` : ''}${new Date(at).toISOString().slice(11, 19)}`;
  };
}

function line(event: IncidentEvent, clock: (at: number) => string): string {
  const { at, family, kind, level, since, until, relapses, instability, hard } = event;
  return [
    clock(at),
    ...(family === 'ipv6' ? ['ipv6'] : []),
    `${kind} ${level}`,
    ...(since === null ? [] : [`since ${clock(since)}`]),
    ...(until === null ? [] : [`until ${clock(until)}`]),
    ...(relapses > 0 ? [`relapse ${relapses}`] : []),
    ...(instability === null ? [] : [`after ${instability.hours} h${instability.increasing ? ' increasing' : ''}`]),
    ...(hard ? ['hard'] : []),
  ].join(' ');
}
