import { ElemBatch, ElemKind, createRisLiveDecoder, type PeerIndex } from '../../core/bgp/index.js';
import { hourMs, type UnixMillis } from '../../core/time.js';
import { openRecording } from '../../edges/feed/index.js';
import type { RibSource } from '../replay/replay-run.js';
import type { Source } from '../replay/merge.js';

/**
 * The published times: hub.dyn.com/dyn-research, "Someone disconnects North Korea - who?" (22 Dec 2014 16:15 - 23 Dec
 * 01:46 UTC).
 */
export const demoTimes = {
  /** More than 25 h before the flapping, so that the baseline is no longer provisional. */
  rib: Date.parse('2014-12-20T14:00:00Z'),
  begin: Date.parse('2014-12-20T14:02:00Z'),
  flapping: Date.parse('2014-12-21T16:05:00Z'),
  gone: Date.parse('2014-12-22T16:15:00Z'),
  back: Date.parse('2014-12-23T01:46:00Z'),
  end: Date.parse('2014-12-23T03:00:00Z'),
} as const;

const routesFile = new URL('./bview.20151023.derived-3peers-1in40.gz', import.meta.url);
const prefixes = ['175.45.176.0/24', '175.45.177.0/24', '175.45.178.0/24', '175.45.179.0/24'];
const originAsn = 131279;
const collectors = ['rrc00', 'rrc01', 'rrc03'];
const peersPerCollector = 8;

interface SyntheticPeer {
  readonly collector: string;
  readonly address: string;
  /** Set aside for documentation by RFC 5398. */
  readonly asn: number;
}

const syntheticPeers: readonly SyntheticPeer[] = collectors.flatMap((collector, row) =>
  Array.from({ length: peersPerCollector }, (_, column) => {
    const number = row * peersPerCollector + column;
    return { collector, address: `192.0.2.${number + 1}`, asn: number < 16 ? 64_496 + number : 65_536 + number - 16 };
  }),
);

/** The real table of one peer, copied to every synthetic peer. */
export function demoRibs(peers: PeerIndex): RibSource[] {
  const indexes = syntheticPeers.map(({ collector, address, asn }) => peers.intern(collector, address, asn));
  async function* batches(): AsyncGenerator<ElemBatch, void, undefined> {
    const { pathname } = routesFile;
    const recording = await openRecording(decodeURIComponent(pathname), 'rrc99', peers);
    const lent = new ElemBatch();
    let lender = -1;
    for await (const batch of recording.batches()) {
      for (let row = 0; row < batch.length; row++) {
        if (lender < 0) lender = batch.peer[row];
        if (batch.kind[row] !== ElemKind.rib || batch.peer[row] !== lender) continue;
        const family = batch.family[row] as 0 | 1;
        for (const index of indexes)
          lent.push(ElemKind.rib, family, index, demoTimes.rib, batch.prefix[row], batch.origin[row]);
      }
      yield lent;
      lent.clear();
    }
  }
  return [
    { collector: collectors[0], batches, time: () => demoTimes.rib },
    ...collectors.slice(1).map((collector) => ({ collector, batches: nothing, time: () => demoTimes.rib })),
  ];
}

async function* nothing(): AsyncGenerator<ElemBatch, void, undefined> {
  // The first source carries the routes of every collector's peers.
}

/** The reconstructed updates, as RIS Live messages through the decoder. */
export function demoUpdates(peers: PeerIndex): Source {
  const decoder = createRisLiveDecoder(peers);
  const encoder = new TextEncoder();

  // A source is an asynchronous generator, although this one never waits.
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* batches(): AsyncGenerator<ElemBatch, void, undefined> {
    const batch = new ElemBatch();
    for (const { at, text } of messages()) {
      decoder.decode(encoder.encode(text), batch);
      if (at - batch.at[0] < hourMs) continue;
      yield batch;
      batch.clear();
    }
    yield batch;
  }
  return { batches };
}

interface Message {
  readonly at: UnixMillis;
  readonly text: string;
}

/** Every message in order of time. */
function messages(): Message[] {
  const random = seeded(20141222);
  const all: Message[] = [];
  // KEEPALIVEs of every session begin and end the stream, so that every peer is known and event time reaches the end.
  for (const at of [demoTimes.begin, demoTimes.end])
    for (const peer of syntheticPeers) all.push(message(peer, at, '"type":"KEEPALIVE"'));
  for (const { from, to, lost } of [
    ...flaps(random),
    { from: demoTimes.gone - 10_000, to: demoTimes.back - 10_000, lost: prefixes },
  ]) {
    for (const peer of syntheticPeers) {
      all.push(withdrawal(peer, from + random() * 8_000, lost));
      all.push(announcement(peer, to + random() * 8_000, lost));
    }
  }
  return all.sort((a, b) => a.at - b.at);
}

/**
 * Short losses, more frequent towards the end. Each is far shorter than any rule's dwell, and begins at least five
 * minutes after the one before.
 */
function flaps(random: () => number): { from: UnixMillis; to: UnixMillis; lost: string[] }[] {
  const all: { from: UnixMillis; to: UnixMillis; lost: string[] }[] = [];
  let from: UnixMillis = demoTimes.flapping;
  while (from < demoTimes.gone - 10 * 60_000) {
    const first = Math.floor(random() * prefixes.length);
    const lost = all.length % 3 === 0 ? prefixes : prefixes.slice(first, first + 2);
    all.push({ from, to: from + 25_000 + random() * 30_000, lost });
    const past = (from - demoTimes.flapping) / (demoTimes.gone - demoTimes.flapping);
    from += (5 + (1 - past) * 55 * random() + 10 * random()) * 60_000;
  }
  return all;
}

function announcement(peer: SyntheticPeer, at: UnixMillis, announced: readonly string[]): Message {
  const path = JSON.stringify([peer.asn, 2914, 1239, 4837, originAsn]);
  const routes = JSON.stringify([{ next_hop: peer.address, prefixes: announced }]);
  return message(peer, at, `"type":"UPDATE","path":${path},"origin":"IGP","announcements":${routes},"withdrawals":[]`);
}

function withdrawal(peer: SyntheticPeer, at: UnixMillis, withdrawn: readonly string[]): Message {
  return message(peer, at, `"type":"UPDATE","path":[],"announcements":[],"withdrawals":${JSON.stringify(withdrawn)}`);
}

function message({ address, asn, collector }: SyntheticPeer, at: UnixMillis, rest: string): Message {
  const seconds = (at / 1000).toFixed(2);
  const head = `"timestamp":${seconds},"peer":"${address}","peer_asn":"${asn}","host":"${collector}.ripe.net"`;
  return { at, text: `{"type":"ris_message","data":{${head},${rest}}}` };
}

/** Pseudo-random numbers that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
