/**
 * A table, and an intake that fills it from a CutStream, on a clock that jumps. At the end the tables can be compared.
 */
import {
  createMrtDecoder,
  createRisLiveDecoder,
  ElemBatch,
  parsePrefix,
  PeerIndex,
} from '../../../src/core/bgp/index.js';
import { createIntake, type FeedConsumer, type Intake, type IntakeOptions } from '../../../src/edges/feed/index.js';
import { lossIn } from './loss-in.js';
import type { CoreEvent } from '../../../src/core/events.js';
import { Table, type PeerView } from '../../../src/core/table/index.js';
import { collectors, prefixes, ribTime, second, streamEnds, type CutStream, type Said } from './cut-stream.js';
import { memoryArchive } from './memory-archive.js';
import { QuickClock } from '../clocks/quick-clock.js';
import { shippedRules } from '../rules.js';
import { prefixListener } from '../prefix-listener.js';

const rules = shippedRules({ table: { minVoters: 4, minCollectors: 1, warmingMs: 120_000 } }).table;
/** Messages that arrive within one step are handed over together. */
const stepMs = 4 * second;
/** The intake's waiting work runs at least once in this many steps. */
const settleEvery = 4;
const codes = prefixes.map((text) => parsePrefix(text)!);

/** The contents of a table: by peer the prefixes it has, as a text, and the verdicts that follow. */
export interface Held {
  readonly bits: ReadonlyMap<string, string>;
  readonly peers: readonly PeerView[];
  /** By prefix. */
  readonly verdicts: readonly { readonly share: number; readonly up: boolean }[];
}

export class Reception {
  readonly clock: QuickClock;
  /** What the intake told its sink, except rows, with the time. */
  readonly told: string[] = [];
  readonly stream: CutStream;
  readonly #said: readonly Said[];
  readonly #peers: PeerIndex;
  readonly #table: Table;
  readonly #decoder;
  readonly #batch = new ElemBatch();
  #stop = new AbortController();
  #isReady = false;
  #settled: number;
  #consumer: FeedConsumer | null = null;
  /** By collector, the time of the last message that was received. */
  readonly #heard = new Map<string, number>();

  /** `said`: the messages, with the times at which they arrive. */
  constructor(stream: CutStream, startsAt: number, said = stream.said) {
    this.stream = stream;
    this.#said = said;
    this.clock = new QuickClock(startsAt);
    this.#settled = startsAt;
    this.#peers = new PeerIndex();
    this.#decoder = createRisLiveDecoder(this.#peers);
    this.#table = new Table({
      peers: this.#peers,
      settings: rules,
      configuredCollectors: collectors.length,
      listener: prefixListener(),
    });
  }

  /** Starts an intake and its run. `more` replaces the usual options. */
  start(more: Partial<IntakeOptions> = {}): { readonly intake: Intake; readonly run: Promise<'too-old'> } {
    this.#stop = new AbortController();
    const table = this.#table;
    const tell = (line: string): unknown => this.told.push(line);
    /** The reason that the intake logged last. */
    let lostBecause = 'unknown';
    const handle = (event: CoreEvent): void => {
      switch (event.kind) {
        case 'rib-rows':
        case 'rows':
          table.apply(event.batch, 0, event.batch.length);
          break;
        case 'collector-lost':
          tell(`${event.collector} lost: ${lostBecause}`);
          table.endFill(event.collector, Infinity);
          table.loseCollector(event.collector, event.from);
          break;
        case 'collector-reset':
          tell(`${event.collector} reset`);
          table.resetCollector(event.collector);
          break;
        case 'collector-back':
          tell(`${event.collector} joined`);
          table.rejoinCollector(event.collector);
          break;
        case 'gap-opened':
          tell(`${event.collector} holed`);
          table.noteTouched(event.collector, event.to);
          break;
        case 'gap-rows':
          table.fill(event.batch, 0, event.batch.length);
          break;
        case 'gap-filled':
          tell(`${event.collector} filled`);
          table.endFill(event.collector, Infinity);
          break;
        default:
          throw new Error(`the intake never tells ${event.kind}`);
      }
    };
    const intake = createIntake({
      collectors,
      peers: this.#peers,
      archive: memoryArchive((path) => this.stream.file(path, this.clock.now())),
      workers: null,
      openFeed: (consumer) => {
        this.#consumer = consumer;
        return {
          start: () => undefined,
          stop: () => undefined,
          counters: { risErrors: 0, reconnects: 0, lastMessageAt: null },
          decoded: this.#decoder.counters,
        };
      },
      handle,
      positions: null,
      gapFreezeMs: rules.gapFreezeMs,
      onState: () => undefined,
      onProgress: () => undefined,
      onReady: ({ loaded }) => {
        tell(`ready with ${loaded.join(', ')}`);
        if (!this.#isReady) table.judge(this.clock.now(), () => true);
        this.#isReady = true;
      },
      clock: this.clock.mortal(() => false),
      random: () => 0.5,
      log: {
        info: () => undefined,
        warn: (_, message) => {
          lostBecause = lossIn(message) ?? lostBecause;
        },
      },
      ...more,
    });
    const run = intake.run(this.#stop.signal);
    run.catch(() => undefined);
    return { intake, run };
  }

  stop(): void {
    this.#stop.abort();
  }

  /** The consumer that the intake gave its feed. */
  get consumer(): FeedConsumer {
    return this.#consumer!;
  }

  /** Ends the process; only its table survives. */
  forget(): void {
    this.#heard.clear();
  }

  /**
   * Plays the messages that arrive until `until`, step by step. `hears`: whether a message comes through. `connected`:
   * whether the socket is open. Both are asked by time of arrival.
   */
  async play(
    until: number,
    hears: (said: Said, index: number) => boolean = () => true,
    connected: (at: number) => boolean = () => true,
  ): Promise<void> {
    const said = this.#said;
    let next = said.findIndex(({ arrives }) => arrives > this.clock.now());
    if (next < 0) next = said.length;
    let isUp = this.#heard.size > 0;
    let lostAt: number | null = null;
    let step = 0;
    while (this.clock.now() < until) {
      const now = Math.min(until, this.clock.now() + stepMs);
      if (++step % settleEvery === 0 || !this.clock.skipTo(now)) await this.clock.runUntil(now);
      const group: Said[] = [];
      for (; next < said.length && said[next].arrives <= now; next++)
        if (connected(said[next].arrives) && hears(said[next], next)) group.push(said[next]);
      if (isUp && !connected(now)) {
        isUp = false;
        lostAt = [...this.#heard.values()].sort((a, b) => b - a).at(1) ?? null;
        this.#consumer!.onState({ kind: 'down', reason: 'cut', retryInMs: 1_000 });
      }
      if (group.length > 0 && connected(now)) {
        if (!isUp) {
          isUp = true;
          const since = Math.max(lostAt ?? -Infinity, ...group.map(({ at }) => at));
          if (lostAt !== null) this.#consumer!.onGap({ kind: 'gap', collector: null, from: lostAt, to: since });
          this.#consumer!.onState({ kind: 'live', since });
        }
        this.#hear(group);
      }
      this.#settle(now);
    }
  }

  /**
   * The contents of a table that was never interrupted: filled without an intake, from the RIBs and then every message
   * as it arrived.
   */
  static async whole(stream: CutStream): Promise<Held> {
    const reception = new Reception(stream, ribTime);
    const table = reception.#table;
    const apply = (batch: ElemBatch): void => table.apply(batch, 0, batch.length);
    for (const collector of collectors) {
      const batch = new ElemBatch();
      createMrtDecoder(reception.#peers, collector).push(stream.file(`${collector}/latest-bview.gz`, ribTime)!, batch);
      apply(batch);
    }
    table.judge(ribTime, () => true);
    reception.#isReady = true;
    reception.#consumer = { onBatch: apply, onGap: () => undefined, onState: () => undefined };
    await reception.play(streamEnds);
    return reception.held();
  }

  held(): Held {
    const table = this.#table;
    // Full feeds are chosen every 10 minutes. This makes the table choose now.
    table.settle(this.clock.now() + 600 * second);
    const peers = table.peers();
    const bits = new Map<string, string>();
    const scratch = [0, 1].map((family) => new Uint32Array(Math.ceil(table.routes[family].ids.size / 32) + 1));
    for (let peer = 0; peer < this.#peers.size; peer++) {
      const sees = codes.map(({ family, code }) => {
        const id = table.routes[family].ids.find(code);
        if (id < 0) return '0';
        scratch[family][id >>> 5] = 1 << (id & 31);
        const seen = table.routes[family].sharedWith(peer, scratch[family]);
        scratch[family][id >>> 5] = 0;
        return String(seen);
      });
      const { collector, address } = this.#peers.at(peer);
      bits.set(`${collector} ${address}`, sees.join(''));
    }
    const verdicts = codes.map(({ family, code }) => {
      const routes = table.routes[family];
      const id = routes.ids.find(code);
      return { share: routes.seenBy(code) / routes.verdicts.voters, up: id >= 0 && routes.prefixes.verdicts[id] === 1 };
    });
    return { bits: new Map([...bits].sort(([a], [b]) => (a < b ? -1 : 1))), peers, verdicts };
  }

  #hear(group: readonly Said[]): void {
    const batch = this.#batch;
    for (const { frame, collector, at } of group) {
      this.#decoder.decode(frame, batch);
      this.#heard.set(collector, at);
    }
    this.#consumer!.onBatch(batch);
    batch.clear();
  }

  #settle(now: number): void {
    if (!this.#isReady || now < this.#settled + 10 * second) return;
    this.#settled = now;
    this.#table.settle(now);
  }
}
