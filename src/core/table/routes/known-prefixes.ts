import type { FamilyIndex } from '../../bgp/index.js';
import { PrefixIds, type TypedColumn } from './prefix-ids.js';

/** What the table knows of a family's prefixes, by id. Its arrays are replaced when they grow. */
export interface VisiblePrefixes {
  readonly ids: { readonly codes: Float64Array; readonly size: number };
  /** Whether verdicts are made. During the load they are not. */
  readonly hasVerdicts: boolean;
  /** 1 is up. */
  readonly verdicts: Uint8Array;
  /** Origin ASN; 0: unknown. */
  readonly origins: Uint32Array;
}

export const noPrefixes: VisiblePrefixes = {
  ids: { codes: new Float64Array(0), size: 0 },
  hasVerdicts: false,
  verdicts: new Uint8Array(0),
  origins: new Uint32Array(0),
};

/** Learns what becomes of prefixes. Ids are dense: the next prefix of a family has the next id, from 0. */
export interface PrefixListener {
  /** Comes first, once for each family: these are the prefixes that the other calls are about. */
  follow(family: FamilyIndex, prefixes: VisiblePrefixes): void;
  /** A prefix was seen for the first time. */
  added(family: FamilyIndex, id: number, code: number): void;
  /** Its verdict changed. */
  flipped(family: FamilyIndex, id: number, code: number, origin: number, up: boolean): void;
  /** A voter began or ceased to see it. On the hot path. */
  voted(family: FamilyIndex, id: number): void;
  /** The number that a snapshot keeps for each prefix with the ids from..to-1: the listener's own, the table asks no more. */
  kept(family: FamilyIndex, from: number, to: number): Uint32Array;
  /** Takes such numbers over from a snapshot, for the prefixes from `from` on, which were added just before. */
  restoreKept(family: FamilyIndex, from: number, numbers: Uint32Array): void;
}

/** A stretch of prefixes by id, each at one place of all four columns. `kept` is the listener's. */
export interface PrefixRows {
  readonly codes: Float64Array;
  readonly origins: Uint32Array;
  readonly kept: Uint32Array;
  /** 1 is up. */
  readonly verdicts: Uint8Array;
}

/** One family's prefixes, whichever peers see them: who announces each, and whether it is up. */
export class KnownPrefixes implements VisiblePrefixes {
  readonly ids = new PrefixIds();
  readonly #family: FamilyIndex;
  readonly #listener: PrefixListener;
  hasVerdicts = false;
  verdicts = new Uint8Array(this.ids.capacity);
  /** Origin ASN last announced by a voter (while no peer votes, as during the load: by any peer); 0: unknown. */
  origins = new Uint32Array(this.ids.capacity);

  constructor(family: FamilyIndex, listener: PrefixListener) {
    this.#family = family;
    this.#listener = listener;
    this.ids.onGrowth((capacity) => {
      this.verdicts = widened(this.verdicts, new Uint8Array(capacity));
      this.origins = widened(this.origins, new Uint32Array(capacity));
    });
    listener.follow(family, this);
  }

  /** The id that the prefix has from here on. It must not have one yet. */
  add(code: number): number {
    const id = this.ids.add(code);
    this.#listener.added(this.#family, id, code);
    return id;
  }

  setVerdict(id: number, verdict: 0 | 1): void {
    this.verdicts[id] = verdict;
    this.#listener.flipped(this.#family, id, this.ids.codes[id], this.origins[id], verdict === 1);
  }

  /** A copy of the rows with the ids from..to-1. */
  rows(from: number, to: number): PrefixRows {
    return {
      codes: this.ids.codes.slice(from, to),
      origins: this.origins.slice(from, to),
      kept: this.#listener.kept(this.#family, from, to),
      verdicts: this.verdicts.slice(from, to),
    };
  }

  /** Takes over the next rows of a kept table, whose prefixes are not known yet, with the verdicts that it had made. */
  restore({ codes, origins, kept, verdicts }: PrefixRows): void {
    const from = this.ids.size;
    for (let row = 0; row < codes.length; row++) {
      const id = this.add(codes[row]);
      this.origins[id] = origins[row];
      if (verdicts[row] === 1) this.setVerdict(id, 1);
    }
    this.#listener.restoreKept(this.#family, from, kept);
  }
}

export function widened<T extends TypedColumn>(old: T, wider: T): T {
  wider.set(old);
  return wider;
}
