import { ElemBatch, ElemKind, parsePrefix, PeerIndex, type ElemKindCode } from '../../../src/core/bgp/index.js';
import {
  type CountryMap,
  type GroupDefinition,
  type HistoryRow,
  parseRegistry,
} from '../../../src/core/countries/index.js';
import type { CountryRecord, IncidentEvent, StoredState } from '../../../src/core/incidents/index.js';
import { Pipeline } from '../../../src/core/pipeline.js';
import type { TimeSource } from '../../../src/core/tick-times.js';
import type { PipelineView } from '../../../src/core/view.js';
import { shippedRules } from '../rules.js';
import { ipv4Unit } from '../registry/units.js';

/** BB holds four /24s, CC the rest of the routed IPv4, AA the IPv6. */
const { map: fourCountries } = parseRegistry(
  `${ipv4Unit('6.0.0.0')},${ipv4Unit('6.0.3.255')},BB\n${ipv4Unit('7.0.0.0')},${ipv4Unit('7.255.255.255')},CC\n`,
  '2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,AA',
  [],
);
const peerCount = 40;

export const everyPeer = Array.from({ length: peerCount }, (_, peer) => peer);
export const tinyRoutes = ['6.0.0.0/24', '6.0.1.0/24', '6.0.2.0/24', '6.0.3.0/24'];
export const elsewhere = Array.from({ length: 60 }, (_, index) => `7.${index}.0.0/16`);
export const elsewhereIpv6 = Array.from({ length: 60 }, (_, index) => `2a00:${(index + 256).toString(16)}::/32`);

/** The whole core with 40 full feeds on three collectors, on a clock that the test moves. */
export class PipelineWorld {
  readonly pipeline: Pipeline;
  readonly peers = new PeerIndex();
  /** The events of all ticks. */
  readonly events: IncidentEvent[] = [];
  readonly rows: HistoryRow[] = [];
  /** By country, its last record. */
  readonly records = new Map<string, CountryRecord>();
  /** The states that the last change of registry moved. */
  moved: readonly StoredState[] = [];
  at: number;

  /**
   * `restored`: the stored states of BB or of more countries, with BB's `bins`. `measured`: BB's last record.
   * `isEmpty`: no peer is known or has a table yet.
   */
  constructor({
    start = '2026-01-05T00:00:00Z',
    map = fourCountries,
    groups = [],
    restored,
    bins = [],
    measured,
    isEmpty = false,
    time = 'caller',
  }: {
    readonly start?: string;
    readonly map?: CountryMap;
    readonly bins?: readonly HistoryRow[];
    readonly groups?: readonly GroupDefinition[];
    readonly restored?: StoredState | readonly StoredState[] | undefined;
    readonly measured?: CountryRecord | undefined;
    readonly isEmpty?: boolean;
    readonly time?: TimeSource;
  } = {}) {
    const { peers } = this;
    this.at = Date.parse(start);
    this.pipeline = new Pipeline({
      peers,
      map,
      groups,
      rules: shippedRules(),
      configuredCollectors: 3,
      only: null,
      time,
    });
    for (const state of restored === undefined ? [] : [restored].flat())
      this.pipeline.restore(
        state,
        bins.filter(({ country }) => country === state.country),
      );
    if (measured !== undefined) this.pipeline.restoreRecord(measured);
    if (isEmpty) return;
    for (const peer of everyPeer) peers.intern(`rrc0${peer % 3}`, `192.0.2.${peer + 1}`, 64_500 + peer);
    this.say(everyPeer, 'rib', elsewhere);
  }

  say(who: readonly number[], kind: keyof typeof ElemKind, prefixes: readonly string[] = [], origin = 1): this {
    const batch = new ElemBatch(64);
    const code: ElemKindCode = ElemKind[kind];
    for (const peer of who) {
      if (prefixes.length === 0) batch.push(code, 0, peer, this.at, 0, 0);
      for (const text of prefixes) {
        const prefix = parsePrefix(text)!;
        batch.push(code, prefix.family, peer, this.at, prefix.code, origin);
      }
    }
    this.pipeline.handle({ kind: kind === 'rib' ? 'rib-rows' : 'rows', batch });
    return this;
  }

  loaded(): this {
    this.pipeline.handle({ kind: 'load-done', at: this.at });
    return this;
  }

  /** Another registry applies from the next tick on. */
  swap(map: CountryMap): this {
    this.pipeline.handle({ kind: 'registry', map });
    return this;
  }

  /** Takes the ticks of the next `ms`, the first one now. */
  run(ms: number): this {
    const end = this.at + ms;
    for (const { events, rows, records, moved } of this.pipeline.advance(end - 1)) {
      for (const record of records) this.records.set(record.country, record);
      this.events.push(...events);
      this.rows.push(...rows);
      if (moved !== null) this.moved = moved;
    }
    this.at = end;
    return this;
  }

  get view(): PipelineView {
    return this.pipeline.view();
  }

  /** BB's units at the last tick. */
  get units(): number {
    return this.view.samples('BB')?.[0].units ?? 0;
  }
}
