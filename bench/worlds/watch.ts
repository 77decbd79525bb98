/** The core as the live service drives it: decoder's batches in, event time, ticks. */
import { PeerIndex, type ElemBatch } from '../../src/core/bgp/index.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import { Pipeline, type TickResult } from '../../src/core/pipeline.js';
import type { Rules } from '../../src/core/rules.js';
import { EventTime } from '../../src/core/bgp/index.js';
import { blockMs } from './messages.js';
import { collectors, forEachRib, makeSessions, type Session } from './sessions.js';

export const ribAt = Date.UTC(2026, 0, 5);
/** The first message's time. */
export const startAt = ribAt + 600_000;

export class Watch {
  readonly peers = new PeerIndex();
  readonly pipeline: Pipeline;
  readonly sessions: readonly Session[];
  readonly #time = new EventTime(this.peers, collectors.length);
  #nextTick = startAt;
  onTick: (at: number, result: TickResult) => void = () => undefined;

  constructor(map: CountryMap, rules: Rules, sessions: { readonly count: number; readonly full: number }) {
    this.pipeline = new Pipeline({
      peers: this.peers,
      map,
      groups: [],
      rules,
      configuredCollectors: collectors.length,
      only: null,
    });
    this.sessions = makeSessions(this.peers, sessions.count, sessions.full);
  }

  /** Every collector's RIB, and the first judgement. */
  load(prefixes: readonly [Float64Array, Float64Array]): void {
    forEachRib(this.sessions, prefixes, ribAt, (batch) => this.pipeline.apply(batch));
    this.pipeline.loaded(startAt - blockMs);
    const usability = this.pipeline.table.usability(0);
    if (usability.kind !== 'usable') throw new Error(`the table cannot be judged by: ${usability.reason}`);
  }

  get nextTick(): number {
    return this.#nextTick;
  }

  updates(batch: ElemBatch): void {
    const now = this.#time.observe(batch);
    while (this.#nextTick <= now - blockMs) this.tick();
    this.pipeline.apply(batch);
    if (this.#nextTick <= now) this.tick();
  }

  tick(): void {
    this.onTick(this.#nextTick, this.pipeline.tick(this.#nextTick));
    this.#nextTick += blockMs;
  }
}
