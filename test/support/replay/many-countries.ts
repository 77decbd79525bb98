import { ElemBatch, ElemKind, parsePrefix, PeerIndex } from '../../../src/core/bgp/index.js';
import { parseRegistry, type CountryMap, type GroupDefinition } from '../../../src/core/countries/index.js';
import type { IncidentEvent, StoredState } from '../../../src/core/incidents/index.js';
import { Pipeline, type TickResult } from '../../../src/core/pipeline.js';
import type { PipelineView } from '../../../src/core/view.js';
import { shippedRules } from '../rules.js';
import { ipv4Unit } from '../registry/units.js';

const start = Date.parse('2026-01-05T00:00:00Z');
const letters = 'ABCDEFGHIJ';
/** A hundred codes: AA, AB .. JJ. */
export const manyCodes = Array.from(
  { length: 100 },
  (_, index) => letters[Math.floor(index / 10)] + letters[index % 10],
);
const routesEach = 20;
const { map } = parseRegistry(
  [
    ...manyCodes.map((code, index) => `${ipv4Unit(`20.${index}.0.0`)},${ipv4Unit(`20.${index}.19.255`)},${code}`),
    `${ipv4Unit('7.0.0.0')},${ipv4Unit('7.255.255.255')},ZA`,
  ].join('\n'),
  '',
  [],
);
const elsewhere = Array.from({ length: 250 }, (_, index) => `7.${index}.0.0/16`);

export interface ManyCountriesOptions {
  /** How many of the hundred countries exist. ZA, which never falls, is not counted. */
  readonly countries?: number;
  /** The number of voters on rrc00, rrc01, .. */
  readonly voters?: readonly number[];
  /** The ASN that announces a country's routes. Default: an ASN of its own. */
  readonly origins?: Readonly<Record<string, number>>;
  readonly groups?: readonly GroupDefinition[];
  readonly rules?: unknown;
}

/** Countries of 20 routes each, which full feeds on some collectors see, on a clock that the test moves. */
export class ManyCountries {
  readonly map: CountryMap = map;
  readonly codes: readonly string[];
  readonly events: IncidentEvent[] = [];
  readonly results: TickResult[] = [];
  pipeline: Pipeline;
  at = start;
  readonly #options: ManyCountriesOptions;
  readonly #collectorOf: readonly number[];
  /** By peer, the prefixes that it has withdrawn. */
  readonly #gone = new Map<number, Set<string>>();

  constructor(options: ManyCountriesOptions = {}) {
    this.#options = options;
    this.codes = manyCodes.slice(0, options.countries ?? 49);
    this.#collectorOf = (options.voters ?? [10, 10, 10, 10]).flatMap((count, collector) =>
      Array.from({ length: count }, () => collector),
    );
    this.pipeline = this.#made([]);
    this.run(60_000);
  }

  /** Starts a new process with the present table and what was stored. */
  restart(): this {
    this.pipeline = this.#made(
      [...this.view.states()].map((state) => JSON.parse(JSON.stringify(state)) as StoredState),
    );
    return this;
  }

  routesOf(code: string): string[] {
    return Array.from({ length: routesEach }, (_, index) => `20.${manyCodes.indexOf(code)}.${index}.0/24`);
  }

  /** The first or last `count` peers of a collector. Default: all of them. */
  on(collector: number, count = Infinity): number[] {
    return this.#collectorOf.flatMap((own, peer) => (own === collector ? [peer] : [])).slice(0, count);
  }

  get everybody(): number[] {
    return this.#collectorOf.map((_, peer) => peer);
  }

  withdraw(countries: readonly string[], peers: readonly number[] = this.everybody, routes = routesEach): this {
    for (const country of countries) this.#say('withdrawal', this.routesOf(country).slice(0, routes), country, peers);
    return this;
  }

  announce(countries: readonly string[], peers: readonly number[] = this.everybody): this {
    for (const country of countries) this.#say('announcement', this.routesOf(country), country, peers);
    return this;
  }

  /** A collector enters a gap, or leaves it. */
  lose(collector: number): this {
    this.pipeline.handle({ kind: 'collector-lost', collector: `rrc0${collector}`, from: this.at });
    return this;
  }

  rejoin(collector: number): this {
    this.pipeline.handle({ kind: 'collector-back', collector: `rrc0${collector}` });
    return this;
  }

  /** Forgets the collector's tables, as before a new RIB. */
  reset(collector: number): this {
    this.pipeline.handle({ kind: 'collector-reset', collector: `rrc0${collector}` });
    return this;
  }

  /** Takes the ticks of the next `ms`, the first one now. */
  run(ms: number): this {
    const end = this.at + ms;
    for (const result of this.pipeline.advance(end - 1)) {
      this.results.push(result);
      this.events.push(...result.events);
    }
    this.at = end;
    return this;
  }

  get view(): PipelineView {
    return this.pipeline.view();
  }

  /**
   * "03:00 opened AA down since 01:00", in minutes from the start. Several countries are "AA+AB+..". An event that a
   * combined one tells ends with a *.
   */
  get told(): string[] {
    return this.events.map(({ at, kind, country, countries, level, since, partOf, asn }) => {
      const who =
        country ??
        countries
          .map((one) => one.country)
          .sort()
          .join('+');
      return (
        `${clock(at)} ${kind} ${who} ${level} since ` +
        `${clock(since ?? at)}${asn === null ? '' : ` AS${asn}`}${partOf === null ? '' : ' *'}`
      );
    });
  }

  /** The texts that are posted. */
  get posted(): string[] {
    return this.told.filter((line) => !line.endsWith('*'));
  }

  #made(states: readonly StoredState[]): Pipeline {
    const peers = new PeerIndex();
    const collectors = this.#options.voters?.length ?? 4;
    const pipeline = new Pipeline({
      peers,
      map,
      groups: this.#options.groups ?? [],
      rules: shippedRules(this.#options.rules ?? {}),
      configuredCollectors: collectors,
      only: new Set([...this.codes, 'ZA', ...(this.#options.groups ?? []).map(({ code }) => code)]),
      time: 'caller',
    });
    for (const state of states) pipeline.restore(state, []);
    for (const [peer, collector] of this.#collectorOf.entries())
      peers.intern(`rrc0${collector}`, `192.0.2.${peer + 1}`, 64_500 + peer);
    this.pipeline = pipeline;
    this.#say('rib', elsewhere, 'ZA', this.everybody);
    for (const code of this.codes) {
      const routes = this.routesOf(code);
      this.#say(
        'rib',
        routes,
        code,
        this.everybody.filter((peer) => !this.#gone.has(peer)),
      );
      for (const [peer, gone] of this.#gone)
        this.#say(
          'rib',
          routes.filter((route) => !gone.has(route)),
          code,
          [peer],
        );
    }
    pipeline.handle({ kind: 'load-done', at: this.at });
    return pipeline;
  }

  #say(
    kind: 'rib' | 'announcement' | 'withdrawal',
    routes: readonly string[],
    country: string,
    peers: readonly number[],
  ): void {
    const batch = new ElemBatch(routes.length * peers.length);
    const origin = this.#options.origins?.[country] ?? 1000 + manyCodes.indexOf(country);
    const prefixes = routes.map((route) => parsePrefix(route)!.code);
    for (const peer of peers) {
      for (const prefix of prefixes) batch.push(ElemKind[kind], 0, peer, this.at, prefix, origin);
      if (kind === 'rib') continue;
      const gone = this.#gone.get(peer) ?? new Set<string>();
      this.#gone.set(peer, gone);
      for (const route of routes) {
        if (kind === 'withdrawal') gone.add(route);
        else gone.delete(route);
      }
    }
    this.pipeline.handle({ kind: kind === 'rib' ? 'rib-rows' : 'rows', batch });
  }
}

function clock(at: number): string {
  return new Date(at - start).toISOString().slice(11, 19).replace(/^00:/, '');
}
