/** Sessions like those of RIS: some send everything they know, most send little. */
import { ElemBatch, ElemKind, type PeerIndex } from '../../src/core/bgp/index.js';
import { seededRandom } from '../../test/support/random.js';

export const collectors = [
  '00',
  '01',
  '03',
  '04',
  '05',
  '06',
  '07',
  '10',
  '11',
  '12',
  '13',
  '14',
  '15',
  '16',
  '18',
  '19',
  '20',
  '21',
  '22',
  '23',
].map((number) => `rrc${number}`);

export interface Session {
  readonly peer: number;
  readonly collector: string;
  readonly address: string;
  readonly asn: number;
  /** The share of all prefixes that it sends. */
  readonly share: number;
}

/** How makeSessions sizes the sessions that are not full feeds. */
export const smallFeeds = '90 % below 1 % and 10 % up to 20 % of all prefixes';

/**
 * `full` sessions, each with an AS of its own and 97 to 99.9 % of all prefixes. Of the others, nine in ten send below 1
 * %, the rest up to 20 %.
 */
export function makeSessions(peers: PeerIndex, count: number, full: number): Session[] {
  const random = seededRandom(count);
  return Array.from({ length: count }, (_, index) => {
    const isFull = Math.floor(((index + 1) * full) / count) > Math.floor((index * full) / count);
    const share = isFull ? 0.97 + random() * 0.029 : random() < 0.9 ? random() ** 2 * 0.01 : random() * 0.2;
    const collector = collectors[index % collectors.length];
    const address =
      index % 3 === 2 ? `2001:7f8:${(index + 1).toString(16)}::1` : `195.66.${index >>> 7}.${(index & 127) + 1}`;
    const asn = 1000 + index * 37;
    return { peer: peers.intern(collector, address, asn), collector, address, asn, share };
  });
}

/** Passes on the RIB of every collector: prefix after prefix, with the entries of all peers, as in a RIB file. */
export function forEachRib(
  sessions: readonly Session[],
  prefixes: readonly [Float64Array, Float64Array],
  at: number,
  apply: (batch: ElemBatch) => void,
): void {
  const random = seededRandom(7);
  const batch = new ElemBatch();
  for (const collector of collectors) {
    const own = sessions.filter((session) => session.collector === collector);
    for (const family of [0, 1] as const) {
      // By session, the position of its next prefix. The random gap follows its share (a geometric distribution).
      const gap = (share: number): number => 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - share));
      const next = own.map(({ share }) => gap(share) - 1);
      for (const [index, code] of prefixes[family].entries()) {
        for (let one = 0; one < own.length; one++) {
          if (next[one] !== index) continue;
          batch.push(ElemKind.rib, family, own[one].peer, at, code, originOf(code));
          next[one] += gap(own[one].share);
        }
        if (batch.length < 4000) continue;
        apply(batch);
        batch.clear();
      }
    }
  }
  apply(batch);
}

/** One of some 80,000 origins, always the same for a prefix. */
export function originOf(code: number): number {
  return 1 + ((code * 7919) % 80_021);
}
