import { ElemBatch, ElemKind, parsePrefix, PeerIndex, type ElemKindCode } from '../../../src/core/bgp/index.js';
import { Table, type PeerView, type TableSettings } from '../../../src/core/table/index.js';
import { prefixListener } from '../../support/prefix-listener.js';

export const second = 1_000;
export const minute = 60_000;
export const target = '203.119.0.0/24';

type Prefix = NonNullable<ReturnType<typeof parsePrefix>>;

/** A cache, because every session of every world sends the same routes. */
const known = new Map<string, Prefix>();

function parsed(text: string): Prefix {
  const prefix = known.get(text) ?? parsePrefix(text)!;
  known.set(text, prefix);
  return prefix;
}

export interface WorldSession {
  readonly collector: string;
  readonly asn: number;
}

/** A table of peers that all have the same routes, and a clock that the test moves. */
export class TableWorld {
  readonly peers = new PeerIndex();
  readonly up = new Set<number>();
  readonly table: Table;
  readonly routes: readonly string[];
  at = 1_000_000_000_000;

  /** `routes`: what the RIB of each session has besides the target. */
  constructor(sessions: readonly WorldSession[], settings: TableSettings, routes: readonly string[]) {
    const listener = prefixListener({
      flipped: (_family, _id, code, _origin, isUp) => {
        if (isUp) this.up.add(code);
        else this.up.delete(code);
      },
    });
    this.routes = [target, ...routes];
    this.table = new Table({
      peers: this.peers,
      settings,
      configuredCollectors: new Set(sessions.map(({ collector }) => collector)).size,
      listener,
    });
    sessions.forEach(({ collector, asn }, number) => {
      this.peers.intern(collector, `192.0.2.${number + 1}`, asn);
      this.say(number, ElemKind.rib, ...this.routes);
    });
    this.table.judge(this.at, () => true);
    this.settle(0);
  }

  say(peer: number, kind: ElemKindCode, ...prefixes: readonly string[]): void {
    this.sayFrom(64_500, peer, kind, ...prefixes);
  }

  sayFrom(origin: number, peer: number, kind: ElemKindCode, ...prefixes: readonly string[]): void {
    const batch = this.#batch(origin, peer, kind, prefixes);
    this.table.apply(batch, 0, batch.length);
  }

  /** Applies a row of a file, of a time before now. */
  fill(secondsAgo: number, peer: number, kind: ElemKindCode, ...prefixes: readonly string[]): void {
    const batch = this.#batch(64_500, peer, kind, prefixes, this.at - secondsAgo * second);
    this.table.fill(batch, 0, batch.length);
  }

  settle(ms: number): void {
    this.at += ms;
    this.table.settle(this.at);
  }

  /** A tick every 10 s for `ms`. */
  run(ms: number): void {
    for (const end = this.at + ms; this.at < end;) this.settle(10 * second);
  }

  get sees(): boolean {
    return this.up.has(parsePrefix(target)!.code);
  }

  /** How many voters have the prefix. */
  seenBy(prefix: string): number {
    const { family, code } = parsePrefix(prefix)!;
    return this.table.routes[family].seenBy(code);
  }

  get voters(): number {
    return this.table.counts().ipv4.voters;
  }

  /** "warming: table-transfer" */
  status(peer: number): string {
    const status = this.table.status(peer);
    return 'because' in status ? `${status.kind}: ${status.because}` : status.kind;
  }

  size(peer: number, family: 0 | 1 = 0): number {
    return this.table.routes[family].sizeOf(peer);
  }

  view(peer: number): PeerView {
    const { collector, address } = this.peers.at(peer);
    return this.table.peers().find((view) => view.collector === collector && view.address === address)!;
  }

  #batch(origin: number, peer: number, kind: ElemKindCode, prefixes: readonly string[], at = this.at): ElemBatch {
    const batch = new ElemBatch(64);
    if (prefixes.length === 0) batch.push(kind, 0, peer, at, 0, 0);
    for (const text of prefixes) {
      const { family, code } = parsed(text);
      batch.push(kind, family, peer, at, code, origin);
    }
    return batch;
  }
}
