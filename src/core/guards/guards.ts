import { decisionOf, dueAt, fallTimes, isRising, unrestrained, type Restraint } from '../detector/index.js';
import type { Combined, Fall, GuardName, Hold, HoldCounts } from './hold.js';
import { MassGuard } from './mass.js';
import { keyOf, OneCollectorGuard, type CountAgain } from './one-collector.js';
import type { GuardSettings } from './settings.js';
import { SharedAsGuard, type HeavyLosers } from './shared-as.js';
import type { Watched } from './watched.js';
import type { UnixMillis } from '../time.js';

/** How the guards look at the table. */
export interface Sight {
  readonly countAgain: CountAgain;
  readonly heavyLosers: HeavyLosers;
}

/** What is to become of a tick's decisions. */
export interface Ruling {
  restraint(country: string, family: Watched['family']): Restraint;
  readonly combined: readonly Combined[];
}

const allFree: Ruling = { restraint: () => unrestrained, combined: [] };

/** Looks at all countries together before any is told: our own trouble is never a country's. */
export class Guards {
  readonly #mass: MassGuard;
  readonly #sharedAs: SharedAsGuard;
  readonly #oneCollector = new OneCollectorGuard();
  /**
   * By keyOf, since when those decline whose decision was taken for our own doing: until that decline is over its flips
   * are none.
   */
  readonly #suspected = new Map<string, UnixMillis>();

  constructor(settings: GuardSettings) {
    this.#mass = new MassGuard(settings.mass);
    this.#sharedAs = new SharedAsGuard(settings.sharedAs);
  }

  /** What is held back now, and why. */
  get holds(): readonly Hold[] {
    return [...this.#mass.holds, ...this.#sharedAs.holds, ...this.#oneCollector.holds];
  }

  get counts(): Readonly<Record<GuardName, HoldCounts>> {
    return { mass: this.#mass.counts, 'shared-as': this.#sharedAs.counts, 'one-collector': this.#oneCollector.counts };
  }

  /** `watched`: every country and family of this tick. */
  rule(at: UnixMillis, watched: readonly Watched[], sight: Sight): Ruling {
    const deciding = watched.filter(({ observation, settings }) => decisionOf(observation, settings) !== null);
    if (this.#oneCollector.isHolding) this.#oneCollector.forget(watched);
    const isHolding = this.#mass.isHolding || this.#sharedAs.isHolding || this.#suspected.size > 0;
    if (deciding.length === 0 && !isHolding) return allFree;
    const falls = fallsOf(watched);
    const judged = new Set(
      watched.flatMap(({ country, observation }) => (observation.kind === 'judged' ? [country] : [])),
    ).size;
    const decided = new Map<string, UnixMillis[]>();
    for (const { country, observation, settings } of deciding) {
      const { first } = decisionOf(observation, settings)!;
      decided.set(country, [...(decided.get(country) ?? []), first]);
    }
    const mass = this.#mass.look(at, decided, falls, judged);
    for (const country of [...mass.held, ...mass.combined.flatMap(({ countries }) => countries)])
      decided.delete(country);
    const shared = this.#sharedAs.look(at, decided, falls, sight.heavyLosers);
    const held = new Set([...mass.held, ...shared.held]);
    const ceilings = this.#oneCollector.look(
      at,
      deciding.filter(({ country }) => !held.has(country)),
      sight.countAgain,
    );
    for (const each of deciding) if (held.has(each.country)) ceilings.set(keyOf(each), each.observation.state.level);
    const flipsBefore = this.#suspect(
      watched,
      (each) => mass.held.has(each.country) || this.#oneCollector.isHeld(each),
    );
    return {
      restraint: (country, family) => {
        const key = keyOf({ country, family });
        return { ceiling: ceilings.get(key) ?? 'down', flipsBefore: flipsBefore.get(key) ?? Infinity };
      },
      combined: [...mass.combined, ...shared.combined],
    };
  }

  /** From when on the flips of each do not count. */
  #suspect(watched: readonly Watched[], isSuspect: (each: Watched) => boolean): ReadonlyMap<string, UnixMillis> {
    const flipsBefore = new Map<string, UnixMillis>();
    for (const each of watched) {
      const { observation } = each;
      const key = keyOf(each);
      if (observation.state.level !== 'normal') this.#suspected.delete(key);
      if (observation.kind === 'unjudged' || observation.state.level !== 'normal') continue;
      const onset = this.#suspected.get(key) ?? (isSuspect(each) ? observation.state.below?.first : undefined);
      if (onset === undefined) continue;
      flipsBefore.set(key, onset);
      if (isRising(observation.state)) this.#suspected.set(key, onset);
      else this.#suspected.delete(key);
    }
    return flipsBefore;
  }
}

/** By country; of one that falls in both families IPv4 speaks. */
function fallsOf(watched: readonly Watched[]): Map<string, Fall> {
  const falls = new Map<string, Fall>();
  for (const { country, family, observation, settings } of watched) {
    const times = fallTimes(observation.state);
    if (times.length === 0) continue;
    const fall: Fall = { family, times, rising: isRising(observation.state), dueAt: dueAt(observation, settings) };
    const other = falls.get(country);
    if (other === undefined) falls.set(country, fall);
    else {
      const first = other.rising ? other : fall;
      const due = [other.dueAt, fall.dueAt].flatMap((time) => (time === null ? [] : [time]));
      falls.set(country, {
        family: first.family,
        times: [...other.times, ...times],
        rising: other.rising || fall.rising,
        dueAt: due.length === 0 ? null : Math.min(...due),
      });
    }
  }
  return falls;
}
