/** The core as the live service drives it: batches of the decoder, event time, ticks. */
import { ElemBatch, ElemKind, PeerIndex } from '../../src/core/bgp/index.js';
import type { CountryMap } from '../../src/core/countries/index.js';
import { Pipeline, type TickResult } from '../../src/core/pipeline.js';
import type { Rules } from '../../src/core/rules.js';
import { tickMs } from '../../src/core/time.js';
import { collectors, forEachRib, makeSessions, type Session } from './sessions.js';

export const ribAt = Date.UTC(2026, 0, 5);
/** The time of the first message. */
export const startAt = ribAt + 600_000;

export class Watch {
  readonly peers = new PeerIndex();
  readonly pipeline: Pipeline;
  readonly sessions: readonly Session[];
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
      time: 'rows',
    });
    this.sessions = makeSessions(this.peers, sessions.count, sessions.full);
  }

  /** Loads every collector's RIB and takes the first tick. */
  load(prefixes: readonly [Float64Array, Float64Array]): void {
    forEachRib(this.sessions, prefixes, ribAt, (batch) => this.pipeline.handle({ kind: 'rib-rows', batch }));
    this.pipeline.handle({ kind: 'load-done', at: startAt });
    const { ipv4 } = this.pipeline.view().usability;
    if (ipv4.kind !== 'usable') throw new Error(`the table cannot be judged by: ${ipv4.reason}`);
  }

  get nextTick(): number {
    return this.#nextTick;
  }

  updates(batch: ElemBatch): void {
    this.pipeline.handle({ kind: 'rows', batch });
    for (const result of this.pipeline.advance(Infinity)) {
      this.#nextTick = result.at + tickMs;
      this.onTick(result.at, result);
    }
  }

  /** Every session announces something at the time of the next tick. */
  tick(): void {
    const batch = new ElemBatch(this.sessions.length);
    for (const { peer } of this.sessions) batch.push(ElemKind.idle, 0, peer, this.#nextTick, 0, 0);
    this.updates(batch);
  }
}
