import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ElemBatch, ElemKind, PeerIndex } from '../../../../src/core/bgp/index.js';
import { CollectorLiveness } from '../../../../src/edges/feed/intake/collector-liveness.js';

const start = Date.UTC(2024, 0, 1, 8);
const second = 1_000;
const hour = 3_600 * second;

/** Plays which collector sends at which second, and how late; notes what changed. */
class Listener {
  readonly liveness: CollectorLiveness;
  readonly changes: string[] = [];
  now = start;
  readonly #peers = new PeerIndex();

  constructor(collectors: readonly string[]) {
    this.liveness = new CollectorLiveness(this.#peers, collectors);
    this.liveness.reconnected();
  }

  /** For this many seconds each of these collectors sends a message every second: name -> its lag in ms. */
  hear(seconds: number, lags: Readonly<Record<string, number>>): void {
    for (let passed = 0; passed < seconds; passed++) {
      this.now += second;
      const batch = new ElemBatch(8);
      for (const [collector, lag] of Object.entries(lags))
        batch.push(ElemKind.idle, 0, this.#peers.intern(collector, '192.0.2.1', 64_496), this.now - lag, 0, 0);
      for (const { collector, now } of this.liveness.note(batch, this.now))
        this.changes.push(`${(this.now - start) / second}: ${collector} ${now}`);
    }
  }
}

describe('collector liveness', () => {
  it('a collector silent for 60 s while another talks is silent, until it talks', () => {
    const listener = new Listener(['rrc00', 'rrc01']);
    listener.hear(10, { rrc00: 0, rrc01: 0 });
    listener.hear(59, { rrc00: 0 });
    assert.deepEqual(listener.changes, []);
    listener.hear(100, { rrc00: 0 });
    listener.hear(1, { rrc00: 0, rrc01: 0 });
    assert.deepEqual(listener.changes, ['70: rrc01 silent', '170: rrc01 heard']);
    assert.equal(listener.liveness.wholeFrom('rrc01'), start + 200 * second, 'whole from when it was heard again');
    assert.equal(listener.liveness.wholeFrom('rrc00'), start + 31 * second);
  });

  it('a collector that never sent anything is silent too, and one without a subscription is ignored', () => {
    const listener = new Listener(['rrc00', 'rrc01']);
    listener.hear(61, { rrc00: 0, rrc99: 0 });
    assert.deepEqual(listener.changes, ['61: rrc01 silent']);
    assert.equal(listener.liveness.wholeFrom('rrc01'), Infinity);
  });

  it(
    'when nobody talks nobody is silent: a sleep of hours makes no collector silent, whoever is heard first ' +
      'after it',
    () => {
      const listener = new Listener(['rrc00', 'rrc01', 'rrc03']);
      listener.hear(10, { rrc00: 0, rrc01: 0, rrc03: 0 });
      listener.now += 9 * hour;
      listener.hear(5, { rrc00: 0 });
      listener.hear(5, { rrc00: 0, rrc01: 0 });
      listener.hear(5, { rrc00: 0, rrc01: 0, rrc03: 0 });
      assert.deepEqual(listener.changes, []);
    },
  );

  it('a new connection gives every collector a minute to be heard', () => {
    const listener = new Listener(['rrc00', 'rrc01']);
    listener.hear(40, { rrc00: 0 });
    listener.liveness.reconnected();
    listener.hear(59, { rrc00: 0 });
    assert.deepEqual(listener.changes, []);
  });

  it('a median lag above 30 s counts as silence until it is below 20 s; a few late messages do not', () => {
    const listener = new Listener(['rrc00', 'rrc01']);
    listener.hear(60, { rrc00: 0, rrc01: 500 });
    listener.hear(10, { rrc00: 0, rrc01: 300_000 });
    listener.hear(30, { rrc00: 0, rrc01: 500 });
    assert.deepEqual(listener.changes, []);
    listener.hear(30, { rrc00: 0, rrc01: 31_000 });
    assert.deepEqual(listener.changes, ['116: rrc01 lagging']);
    assert.equal(listener.liveness.position('rrc01'), start + 99 * second);
    listener.hear(60, { rrc00: 0, rrc01: 25_000 });
    assert.equal(listener.changes.length, 1, 'between the two it stays');
    listener.hear(60, { rrc00: 0, rrc01: 2_000 });
    assert.deepEqual(listener.changes, ['116: rrc01 lagging', '206: rrc01 heard']);
    assert.equal(listener.liveness.wholeFrom('rrc01'), start + (207 - 2 + 30) * second);
  });

  it('a clock far ahead counts for that collector alone, and one wrong timestamp does not count', () => {
    const listener = new Listener(['rrc00', 'rrc01']);
    listener.hear(60, { rrc00: 0, rrc01: -hour });
    assert.deepEqual(listener.changes, []);
    assert.equal(listener.liveness.position('rrc00'), start + 60 * second);
    assert.equal(listener.liveness.position('rrc01'), start + hour + 60 * second);
    assert.equal(listener.liveness.wholeFrom('rrc01'), start + hour + 31 * second);
    listener.hear(1, { rrc00: -1_000 * hour, rrc01: -hour });
    assert.equal(listener.liveness.position('rrc00'), start + 60 * second, 'as far as its last sound row');
    assert.deepEqual(listener.changes, []);
  });

  it('a row with a wrong time does not move the position', () => {
    for (const wrong of [-10 * hour, 10 * hour]) {
      const listener = new Listener(['rrc00']);
      listener.hear(40, { rrc00: 2 * second });
      listener.hear(1, { rrc00: wrong });
      const { liveness, now } = listener;
      assert.equal(liveness.position('rrc00'), now - 3 * second, `a clock ${wrong / hour} h behind`);
      assert.equal(liveness.notAfter('rrc00'), now + 28 * second);
    }
  });

  it('a clock that was far ahead and is corrected moves the position at once', () => {
    const listener = new Listener(['rrc00']);
    listener.hear(60, { rrc00: -hour });
    listener.hear(2, { rrc00: 0 });
    assert.equal(listener.liveness.position('rrc00'), listener.now);
  });

  it('messages that waited in the socket while the machine slept give the position', () => {
    const listener = new Listener(['rrc00']);
    listener.hear(40, { rrc00: 2 * second });
    listener.now += hour;
    listener.hear(1, { rrc00: hour });
    assert.equal(listener.liveness.position('rrc00'), start + 41 * second);
    listener.hear(1, { rrc00: 2 * second });
    assert.equal(listener.liveness.position('rrc00'), listener.now - 2 * second);
  });
});
