/**
 * The stream is cut at any message, or pieces of it are lost; the archive's files make it whole. The table must then
 * equal that of an undisturbed run: 200 seeded cuts, and 80 seeded losses.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  collectors,
  CutStream,
  minute,
  ribTime,
  second,
  streamEnds,
  type Said,
} from '../../../support/feed/cut-stream.js';
import { seededRandom } from '../../../support/random.js';
import { Reception, type Held } from '../../../support/feed/reception.js';
import { shippedRules } from '../../../support/rules.js';
import { times } from '../../../support/long.js';
import { suitePatienceMs } from '../../../support/in-time.js';

const rules = shippedRules().table;
const seeds = [1, 2];
const cutsEach = times(100, 400);
const lossesEach = times(40, 200);

/** Routes and votes must be the same. What may differ by design may differ only where the design says so. */
function assertSame(held: Held, whole: Held, name: string): void {
  assert.deepEqual(held.bits, whole.bits, `${name}: bits`);
  const sizes = (family: 'ipv4' | 'ipv6'): number =>
    whole.peers
      .filter(({ status }) => status === 'up')
      .map((peer) => peer[family].prefixes)
      .sort((a, b) => b - a)[1];
  for (const [index, peer] of held.peers.entries()) {
    const other = whole.peers[index];
    const who = `${name}: ${peer.collector} ${peer.address}`;
    assert.deepEqual([peer.status, peer.because], [other.status, other.because], who);
    for (const family of ['ipv4', 'ipv6'] as const) {
      if (peer[family].fullFeed === other[family].fullFeed) continue;
      const share = peer[family].prefixes / sizes(family);
      assert.ok(share >= rules.fullFeedLeave && share < rules.fullFeedEnter, `${who}: ${family} full feed at ${share}`);
    }
  }
  for (const { verdicts } of [held, whole]) {
    for (const { share, up } of verdicts) {
      if (share >= rules.visibleUp) assert.ok(up, `${name}: up at ${share}`);
      else if (share < rules.visibleDown) assert.ok(!up, `${name}: down at ${share}`);
    }
  }
}

const streams: { readonly seed: number; readonly stream: CutStream; readonly whole: Held }[] = [];
before(async () => {
  for (const seed of seeds) {
    const stream = new CutStream(seed);
    streams.push({ seed, stream, whole: await Reception.whole(stream) });
  }
});

async function eachStream(
  act: (stream: CutStream, whole: Held, random: () => number, seed: number) => Promise<void>,
): Promise<void> {
  for (const { seed, stream, whole } of streams) await act(stream, whole, seededRandom(seed * 1_000), seed);
}

interface Loss {
  /** null: the connection of all collectors. */
  readonly collector: string | null;
  /** If above 0, the piece is not lost but comes this late. */
  readonly lateMs: number;
  /** By time of arrival. */
  readonly from: number;
  readonly to: number;
}

/** One piece, or two. The second often begins before the first is filled. */
function lossesOf(random: () => number): Loss[] {
  const piece = (from: number): Loss => {
    const kind = random();
    const one = collectors[Math.floor(random() * collectors.length)];
    if (kind < 0.4) return { collector: null, lateMs: 0, from, to: from + (5 + random() * 45) * second };
    if (kind < 0.65) return { collector: null, lateMs: 0, from, to: from + (1.2 + random() * 3) * minute };
    return {
      collector: one,
      lateMs: kind < 0.8 ? 0 : (35 + random() * 25) * second,
      from,
      to: from + (1.4 + random() * 3) * minute,
    };
  };
  const first = piece(ribTime + (9 + random() * 5) * minute);
  return random() < 0.5 ? [first] : [first, piece(Math.min(ribTime + 17 * minute, first.from + random() * 5 * minute))];
}

/** The messages as they arrive when some are late. Each collector's messages stay in order. */
function delayed(said: readonly Said[], pieces: readonly Loss[]): readonly Said[] {
  const last = new Map<string, number>();
  return said
    .map((one) => {
      const late = pieces.find(
        ({ collector, from, to }) => one.collector === collector && one.arrives >= from && one.arrives < to,
      );
      const arrives = Math.max(last.get(one.collector) ?? 0, one.arrives + (late?.lateMs ?? 0));
      last.set(one.collector, arrives);
      return { ...one, arrives };
    })
    .sort((a, b) => a.arrives - b.arrives);
}

describe('stream and archive', { timeout: suitePatienceMs }, () => {
  it('joined at any message make the table that an uninterrupted stream makes', async () => {
    await eachStream(async (stream, whole, random, seed) => {
      const until = stream.said.findIndex(({ arrives }) => arrives > ribTime + 20 * minute);
      for (let cut = 0; cut < cutsEach; cut++) {
        const first = Math.floor(random() * until);
        const name = `stream ${seed}, cut at ${first}`;
        const reception = new Reception(stream, Math.floor(stream.said[first].arrives / second) * second);
        reception.start();
        await reception.play(streamEnds, (_, index) => index >= first);
        reception.stop();
        assert.deepEqual(
          [...reception.told].sort(),
          [`ready with ${collectors.join(', ')}`, ...collectors.map((collector) => `${collector} joined`)],
          name,
        );
        assertSame(reception.held(), whole, name);
      }
    });
  });

  it('make the same table when pieces are lost, short or long, of all collectors or of one', async () => {
    const counted = new Map<string, number>();
    await eachStream(async (stream, whole, random, seed) => {
      for (let loss = 0; loss < lossesEach; loss++) {
        const pieces = lossesOf(random);
        const name =
          `stream ${seed}, loss ${loss}: ` +
          pieces
            .map(
              ({ collector, lateMs, from, to }) =>
                `${collector ?? 'all'} ${lateMs > 0 ? 'late ' : ''}` +
                `${(from - ribTime) / second}..${(to - ribTime) / second}`,
            )
            .join(', ');
        const isIn = (at: number, collector: string | null): boolean =>
          pieces.some(
            (piece) => piece.collector === collector && piece.lateMs === 0 && at >= piece.from && at < piece.to,
          );
        const reception = new Reception(stream, ribTime, delayed(stream.said, pieces));
        reception.start();
        await reception.play(
          streamEnds,
          ({ arrives, collector }) => !isIn(arrives, collector),
          (at) => !isIn(at, null),
        );
        reception.stop();
        for (const line of reception.told) counted.set(line.slice(6), (counted.get(line.slice(6)) ?? 0) + 1);
        assertSame(reception.held(), whole, `${name}\n${reception.told.join('\n')}`);
      }
    });
    for (const what of ['holed', 'filled', 'lost: gap', 'lost: silent', 'lost: lagging', 'joined'])
      assert.ok((counted.get(what) ?? 0) > 20, `${what} ${counted.get(what)} times`);
  });

  it('make the same table after a stop, from the table of before', async () => {
    await eachStream(async (stream, whole, random, seed) => {
      for (let stop = 0; stop < 10; stop++) {
        const reception = new Reception(stream, ribTime);
        const stops = ribTime + 9 * minute + random() * 5 * minute;
        const back = stops + random() * 5 * minute;
        const { intake } = reception.start();
        await reception.play(
          stops,
          () => true,
          (at) => at < stops,
        );
        const positions = intake.positions();
        assert.equal(positions.size, collectors.length);
        reception.stop();
        reception.forget();
        await reception.play(
          back,
          () => false,
          () => false,
        );
        reception.start({ positions });
        await reception.play(streamEnds);
        reception.stop();
        assert.ok(!reception.told.some((line) => line.includes('reset')));
        assertSame(
          reception.held(),
          whole,
          `stream ${seed}, away ` +
            `${(stops - ribTime) / second}..${(back - ribTime) / second}\n${reception.told.join('\n')}`,
        );
      }
    });
  });
});
