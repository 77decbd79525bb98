import type { FamilyIndex } from '../../bgp/index.js';
import { PrefixIds } from './prefix-ids.js';

/** Who must know when a prefix enters the table, and when its verdict changes. */
export interface VerdictSink {
  /**
   * A prefix was seen for the first time. Returns the number of the country that owns it, for the churn counters; 0 for
   * none.
   */
  added(family: FamilyIndex, id: number, code: number): number;
  flipped(family: FamilyIndex, id: number, code: number, owner: number, origin: number, up: boolean): void;
}

/** What is known of prefixes, each at one place of all four: code, origin, origin before, and whether it is up (1). */
export interface PrefixRows {
  readonly codes: Float64Array;
  readonly origins: Uint32Array;
  readonly before: Uint32Array;
  readonly verdicts: Uint8Array;
}

/**
 * One family's prefixes, whoever sees them: whose each is, who announces it, whether it is up, and who announced it
 * before. What is asked for here reads the whole table.
 */
export class KnownPrefixes {
  readonly ids = new PrefixIds();
  readonly #family: FamilyIndex;
  readonly #sink: VerdictSink;
  owners = new Uint16Array(this.ids.capacity);
  /** 1 is up. */
  verdicts = new Uint8Array(this.ids.capacity);
  /** Origin ASN last announced by a voter (where nobody votes, as during the load: by any peer); 0 unknown. */
  origins = new Uint32Array(this.ids.capacity);
  /** Origin ASN of each prefix that was visible when its owner was last whole; else 0. */
  #before = new Uint32Array(this.ids.capacity);

  constructor(family: FamilyIndex, sink: VerdictSink) {
    this.#family = family;
    this.#sink = sink;
  }

  /** The id that the prefix has from here on. */
  add(code: number): number {
    const id = this.ids.add(code);
    const { capacity } = this.ids;
    if (id >= this.owners.length) {
      this.owners = widened(this.owners, new Uint16Array(capacity));
      this.verdicts = widened(this.verdicts, new Uint8Array(capacity));
      this.origins = widened(this.origins, new Uint32Array(capacity));
      this.#before = widened(this.#before, new Uint32Array(capacity));
    }
    this.owners[id] = this.#sink.added(this.#family, id, code);
    return id;
  }

  turn(id: number, verdict: 0 | 1): void {
    this.verdicts[id] = verdict;
    this.#sink.flipped(this.#family, id, this.ids.codes[id], this.owners[id], this.origins[id], verdict === 1);
  }

  /** Distinct origins of the visible prefixes, by owner. */
  visibleOrigins(): Map<number, Set<number>> {
    const byOwner = new Map<number, Set<number>>();
    for (let id = 0; id < this.ids.size; id++) {
      if (this.verdicts[id] === 0) continue;
      const owner = this.owners[id];
      let origins = byOwner.get(owner);
      if (origins === undefined) byOwner.set(owner, (origins = new Set()));
      origins.add(this.origins[id]);
    }
    return byOwner;
  }

  /** What is visible of the owners that are whole (1 by number) is what they had "before" from here on. */
  remember(whole: Uint8Array): void {
    const before = this.#before;
    const owners = this.owners;
    const { verdicts, origins } = this;
    const { size } = this.ids;
    for (let id = 0; id < size; id++) if (whole[owners[id]] === 1) before[id] = verdicts[id] === 1 ? origins[id] : 0;
  }

  /**
   * Tells of every prefix of the wanted owners (1 by number) the origin that it had when its owner was last whole, and
   * the one that it has now; 0: not visible then or now.
   */
  compare(wanted: Uint8Array, tell: (owner: number, code: number, before: number, now: number) => void): void {
    const before = this.#before;
    const owners = this.owners;
    const { verdicts, origins } = this;
    const { codes, size } = this.ids;
    for (let id = 0; id < size; id++) {
      if (wanted[owners[id]] === 1) tell(owners[id], codes[id], before[id], verdicts[id] === 1 ? origins[id] : 0);
    }
  }

  /** A copy of what is known of the prefixes with the ids from..to-1. */
  rows(from: number, to: number): PrefixRows {
    return {
      codes: this.ids.codes.slice(from, to),
      origins: this.origins.slice(from, to),
      before: this.#before.slice(from, to),
      verdicts: this.verdicts.slice(from, to),
    };
  }

  /**
   * Takes over one row of a kept table for a prefix that was just added, with the verdict that the kept table had for
   * it.
   */
  restore(id: number, { origins, before, verdicts }: PrefixRows, row: number): void {
    this.origins[id] = origins[row];
    this.#before[id] = before[row];
    if (verdicts[row] === 1) this.turn(id, 1);
  }

  /** Some prefixes are another's: `ownerOf` says whose each is. */
  reown(ownerOf: (id: number, code: number, owner: number, up: boolean) => number): void {
    const { owners, verdicts } = this;
    const { codes, size } = this.ids;
    for (let id = 0; id < size; id++) owners[id] = ownerOf(id, codes[id], owners[id], verdicts[id] === 1);
  }
}

export function widened<T extends Uint8Array | Uint16Array | Uint32Array>(old: T, wider: T): T {
  wider.set(old);
  return wider;
}
