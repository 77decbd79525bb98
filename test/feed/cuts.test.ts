/**
 * A stream is cut at any message, or a piece of it is lost; the archive's files make it whole again. What the table then holds is what
 * it would hold had nothing happened: 200 seeded cuts, and 200 seeded losses.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectors, CutStream, minute, ribTime, second, streamEnds } from '../support/cut-stream.js';
import { seededRandom } from '../support/random.js';
import { Reception, type Held } from '../support/reception.js';
import { shippedRules } from '../support/rules.js';

const rules = shippedRules().table;
const streams = 5;
const cutsEach = 40;

/** Bits, and what they are good for, are the same; what may differ by design is only where it may. */
function assertSame(held: Held, whole: Held, name: string): void {
  assert.deepEqual(held.bits, whole.bits, `${name}: bits`);
  const sizes = (family: 'ipv4' | 'ipv6'): number => whole.peers.filter(({ status }) => status === 'up').map((peer) => peer[family].prefixes).sort((a, b) => b - a)[1];
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

async function eachStream(act: (stream: CutStream, whole: Held, random: () => number, seed: number) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= streams; seed++) {
    const stream = new CutStream(seed);
    const whole = await Reception.whole(stream);
    await act(stream, whole, seededRandom(seed * 1_000), seed);
  }
}

describe('stream and archive', { timeout: 120_000 }, () => {
  it('joined at any message make the table that an uninterrupted stream makes', async () => {
    await eachStream(async (stream, whole, random, seed) => {
      const until = stream.said.findIndex(({ arrives }) => arrives > ribTime + 30 * minute);
      for (let cut = 0; cut < cutsEach; cut++) {
        const first = Math.floor(random() * until);
        const name = `stream ${seed}, cut at ${first}`;
        const reception = new Reception(stream, Math.floor(stream.said[first].arrives / second) * second);
        reception.start();
        await reception.play(streamEnds, (_, index) => index >= first);
        reception.stop();
        assert.deepEqual([...reception.told].sort(), [`ready with ${collectors.join(', ')}`, ...collectors.map((collector) => `${collector} joined`)], name);
        assertSame(reception.held(), whole, name);
      }
    });
  });
});
