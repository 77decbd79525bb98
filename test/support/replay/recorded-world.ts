import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mrtPeerTable, mrtRibs, mrtStateChange, mrtUpdate, type MrtSession } from '../feed/mrt-writer.js';
import { ofCountry, registryCsv } from './replay-command.js';
import { risState, risUpdate } from '../feed/ris-message.js';

export interface RecordedPeer extends MrtSession {
  readonly collector: string;
}
export interface Route {
  readonly prefix: string;
  readonly origin: number;
}

export const recordedCollectors: readonly string[] = ['rrc00', 'rrc01', 'rrc03'];
/** 24 voters: eight on each of three collectors. */
export const recordedPeers: readonly RecordedPeer[] = recordedCollectors.flatMap((collector, row) =>
  Array.from({ length: 8 }, (_, column) => ({
    collector,
    address: `192.0.2.${row * 8 + column + 1}`,
    asn: 64_496 + row * 8 + column,
  })),
);

/**
 * The rest of the Internet. It must be at least as large as the country: otherwise a peer that loses the country would
 * look like a partial feed, or like one that withdraws its table.
 */
function elsewhere(country: number): Route[] {
  return Array.from({ length: Math.max(40, country) }, (_, index) => ({
    prefix: `133.${index & 255}.${(index >> 8) * 16}.0/20`,
    origin: 2497,
  }));
}
const elsewhere6: readonly Route[] = Array.from({ length: 40 }, (_, index) => ({
  prefix: `2001:${(0x240 + index).toString(16)}::/32`,
  origin: 2497,
}));

type Said = { readonly at: number; readonly peer: RecordedPeer } & (
  | { readonly kind: 'update'; readonly announce: readonly Route[]; readonly withdraw: readonly string[] }
  | { readonly kind: 'state'; readonly up: boolean }
);

/** What 24 peers had at first and announced or withdrew later, written to files that a replay reads. */
export class RecordedWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'lightsout-replay-'));
  readonly #ribAt: number;
  readonly #routes: readonly Route[];
  readonly #said: Said[] = [];

  constructor(ribAt: string, routes: readonly Route[]) {
    this.#ribAt = Date.parse(ribAt);
    this.#routes = [
      ...routes,
      ...elsewhere(routes.length),
      ...(routes.some(({ prefix }) => prefix.includes(':')) ? elsewhere6 : []),
    ];
  }

  /** A message that changes nothing, to show that the collector is there. */
  quiet(at: string): this {
    return this.announce(at, elsewhere(1).slice(0, 1));
  }

  announce(at: string, routes: readonly Route[], peers = recordedPeers): this {
    return this.#say(at, peers, (base) => ({ ...base, kind: 'update', announce: routes, withdraw: [] }));
  }

  withdraw(at: string, routes: readonly Route[], peers = recordedPeers): this {
    return this.#say(at, peers, (base) => ({
      ...base,
      kind: 'update',
      announce: [],
      withdraw: routes.map(({ prefix }) => prefix),
    }));
  }

  state(at: string, state: 'up' | 'down', peers: readonly RecordedPeer[]): this {
    return this.#say(at, peers, (base) => ({ ...base, kind: 'state', up: state === 'up' }));
  }

  /** Every route of each peer, announced again, as after a session reset. */
  wholeTable(at: string, peers: readonly RecordedPeer[]): this {
    return this.announce(at, this.#routes, peers);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** --rib flags: a RIB for each collector. */
  ribs(): string[] {
    return recordedCollectors.flatMap((collector) => [
      '--rib',
      `${collector}=${this.write(`bview-${collector}`, this.rib(collector))}`,
    ]);
  }

  rib(collector: string): Buffer {
    const own = recordedPeers.filter((peer) => peer.collector === collector);
    const records = byOrigin(this.#routes).flatMap(([origin, prefixes]) =>
      prefixes.map(
        mrtRibs(
          this.#ribAt,
          own.map(({ asn }, index) => ({ peer: index, path: [asn, 3491, origin] })),
        ),
      ),
    );
    return Buffer.concat([mrtPeerTable(this.#ribAt, own), ...records]);
  }

  /** --updates flags: an MRT file for each collector. */
  mrtUpdates(): string[] {
    return recordedCollectors.flatMap((collector) => [
      '--updates',
      `${collector}=${this.write(`updates-${collector}`, this.mrt(collector))}`,
    ]);
  }

  /** --updates flag: one file of RIS Live lines for all collectors. */
  lines(name = 'updates.jsonl'): string[] {
    return [
      '--updates',
      this.write(
        name,
        this.#inOrder()
          .flatMap(asLines)
          .map((line) => `${line}\n`)
          .join(''),
      ),
    ];
  }

  /** The collector's messages, or those from `from` until before `to`. */
  mrt(collector: string, from = -Infinity, to = Infinity): Buffer {
    return Buffer.concat(
      this.#inOrder()
        .filter(({ at, peer }) => peer.collector === collector && at >= from && at < to)
        .flatMap(asMrt),
    );
  }

  write(name: string, content: Uint8Array | string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Peers differ in speed: within four seconds all of them have sent it. */
  #say(at: string, peers: readonly RecordedPeer[], said: (base: { at: number; peer: RecordedPeer }) => Said): this {
    peers.forEach((peer, index) => this.#said.push(said({ at: Date.parse(at) + (index % 8) * 500, peer })));
    return this;
  }

  #inOrder(): Said[] {
    return [...this.#said].sort(
      (a, b) => a.at - b.at || (a.peer.collector < b.peer.collector ? -1 : Number(a.peer.collector > b.peer.collector)),
    );
  }
}

/** Announcements with the same origin share a message. */
function byOrigin(routes: readonly Route[]): [origin: number, prefixes: string[]][] {
  const groups = new Map<number, string[]>();
  for (const { prefix, origin } of routes) groups.set(origin, [...(groups.get(origin) ?? []), prefix]);
  return [...groups];
}

function asMrt(said: Said): Uint8Array[] {
  const { at, peer } = said;
  if (said.kind === 'state') return [mrtStateChange(at, peer, said.up ? 5 : 6, said.up ? 6 : 1)];
  if (said.withdraw.length > 0) return [mrtUpdate(at, { peer, withdraw: said.withdraw })];
  return byOrigin(said.announce).map(([origin, announce]) =>
    mrtUpdate(at, { peer, path: [peer.asn, 3491, origin], announce }),
  );
}

function asLines(said: Said): string[] {
  const {
    at,
    peer: { collector, address, asn },
  } = said;
  const session = { at, collector, peer: address, asn };
  if (said.kind === 'state') return [risState({ ...session, state: said.up ? 'up' : 'down' })];
  if (said.withdraw.length > 0) return [risUpdate({ ...session, withdraw: said.withdraw })];
  return byOrigin(said.announce).map(([origin, announce]) =>
    risUpdate({ ...session, path: [asn, 3491, origin], announce }),
  );
}

/**
 * A country's IPv4 space in the registry, cut into `count` prefixes of at most `span` /24s each, announced by the ASNs
 * in turn.
 */
export function ipv4Routes(country: string, count: number, span: number, origins: readonly number[]): Route[] {
  const prefixes: string[] = [];
  for (const line of ofCountry(registryCsv.ipv4, country)) {
    const [first = '', last = ''] = line.split(',');
    let unit = Math.ceil(Number(first) / 256);
    const end = Math.floor((Number(last) + 1) / 256);
    while (unit < end && prefixes.length < count) {
      let size = span;
      while (unit % size !== 0 || unit + size > end) size /= 2;
      prefixes.push(`${unit >>> 16}.${(unit >>> 8) & 255}.${unit & 255}.0/${24 - Math.log2(size)}`);
      unit += size;
    }
  }
  if (prefixes.length < count) throw new Error(`${country} has only ${prefixes.length} such prefixes`);
  return prefixes.map((prefix, index) => ({ prefix, origin: origins[Math.floor((index * origins.length) / count)] }));
}

/** The first `count` /32s of a country's IPv6 space. */
export function ipv6Routes(country: string, count: number, origins: readonly number[]): Route[] {
  const lines = ofCountry(registryCsv.ipv6, country).filter((line) => /^[0-9a-f]+:[0-9a-f]+::,/.test(line));
  return lines
    .slice(0, count)
    .map((line, index) => ({ prefix: `${line.split(',')[0]}/32`, origin: origins[index % origins.length] }));
}
