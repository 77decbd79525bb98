import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProgress } from '../../../../src/edges/feed/index.js';
import type { LoadProgress } from '../../../../src/edges/feed/index.js';
import { FakeClock } from '../../../support/clocks/fake-clock.js';

const event = (collector: string, share: number, more: Partial<LoadProgress> = {}): LoadProgress => ({
  collector,
  collectors: 2,
  phase: 'rib',
  bytesDone: share * 800e6,
  bytesTotal: 400e6,
  elems: share * 40e6,
  share,
  ...more,
});

function shown(isTTY: boolean): {
  clock: FakeClock;
  written: string[];
  logged: string[];
  show: (progress: LoadProgress) => void;
} {
  const clock = new FakeClock();
  const written: string[] = [];
  const logged: string[] = [];
  const log = { info: (_: object, message: string): unknown => logged.push(message), warn: () => undefined };
  const { show } = createProgress({ isTTY, columns: 120, write: (text: string) => written.push(text) }, clock, log);
  return { clock, written, logged, show };
}

describe('progress of the start', () => {
  it('is one bar on a terminal, with rate and time left, that goes when all is loaded', () => {
    const { clock, written, logged, show } = shown(true);
    show(event('rrc00', 0));
    clock.jump(60_000);
    show(event('rrc00', 0.25));
    clock.jump(100);
    show(event('rrc01', 0.25));
    assert.equal(written.length, 2, 'not drawn more often than can be seen');
    clock.jump(59_900);
    show(event('rrc01', 0.25));
    assert.match(
      written[2],
      new RegExp(
        /^\r\u001b\[2KLoading routes \[#{6}\.{18}\] 25 %, 6 min left, 167 k elems\/s, /.source +
          /rrc00 RIB 200\/400 MB, rrc01 RIB 200\/400 MB$/.source,
      ),
    );
    show(event('rrc00', 1, { phase: 'loaded' }));
    show(event('rrc01', 1, { phase: 'given-up' }));
    assert.equal(written.at(-1), '\r\u001b[2K');
    assert.deepEqual(logged, []);
  });

  it('is a line every 10 s in a log', () => {
    const { clock, written, logged, show } = shown(false);
    for (let second = 0; second <= 30; second++) {
      show(event('rrc00', second / 100));
      clock.jump(1000);
    }
    assert.equal(logged.length, 4);
    assert.match(logged[3], /^loading routes: 15 %, 3 min left, 400 k elems\/s, rrc00 RIB 240\/400 MB$/);
    assert.deepEqual(written, []);
  });

  it('says what it waits for', () => {
    const { clock, logged, show } = shown(false);
    show(event('rrc00', 1, { phase: 'waiting' }));
    clock.jump(10_000);
    show(event('rrc01', 0.9, { phase: 'waiting' }));
    assert.match(logged[1], /95 %, waiting for the newest update files/);
  });
});
