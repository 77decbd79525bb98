/** The baseline: which bins it is computed from, when it is frozen, and what survives a restart. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Bins, emptyBaselineState, type ClosedBin } from '../../../../src/core/countries/index.js';
import { shippedRules } from '../../../support/rules.js';

const { countries: settings } = shippedRules();
const second = 1_000;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = Date.parse('2026-01-01T00:00:00Z');

/** Takes one value a tick, and keeps the bins that were closed. */
class World {
  readonly closed: ClosedBin[] = [];
  at = start;
  bins = new Bins(settings);

  /** `units` at every tick for `ms`. */
  live(ms: number, units: number, prefixes = units): this {
    for (const end = this.at + ms; this.at < end; this.at += 10 * second) {
      const bin = this.bins.tick(this.at, units, prefixes);
      if (bin !== null) this.closed.push(bin);
    }
    return this;
  }

  get baseline(): number {
    return this.bins.baseline?.units ?? 0;
  }
}

describe('a bin', () => {
  test('is the median of its ticks', () => {
    const world = new World()
      .live(2 * minute, 100)
      .live(3 * minute, 40)
      .live(10 * second, 40);
    assert.deepEqual(world.closed, [{ at: start, units: 40, prefixes: 40 }]);
  });

  test('needs fifteen ticks', () => {
    const world = new World();
    world.at = start + 5 * minute - 14 * 10 * second;
    world.live(15 * 10 * second, 100);
    assert.deepEqual(world.closed, []);
  });
});

describe('the baseline', () => {
  test('is there from the first tick on, provisional until a day of bins stands behind it', () => {
    const world = new World().live(10 * second, 100);
    assert.deepEqual(world.bins.baseline, { units: 100, prefixes: 100, origins: 0, provisional: true });
    world.live(day, 100);
    assert.deepEqual(world.bins.baseline, { units: 100, prefixes: 100, origins: 0, provisional: false });
  });

  test('while provisional, is the highest level that lasted half an hour, and does not sink', () => {
    const world = new World().live(hour, 100).live(10 * minute, 200);
    assert.equal(world.baseline, 100, 'ten minutes are not half an hour');
    world.live(hour, 150);
    assert.equal(world.baseline, 150);
    world.live(6 * hour, 20);
    assert.equal(world.baseline, 150);
  });

  test('settled, is the median of the last seven days: half of them change it, three do not', () => {
    const world = new World().live(8 * day, 100).live(3 * day, 60);
    assert.equal(world.baseline, 100);
    world.live(day, 60);
    assert.equal(world.baseline, 60);
  });

  test('stands still while frozen, for however long', () => {
    const world = new World().live(2 * day, 100);
    world.bins.freeze(true, world.at);
    world.live(9 * day, 10);
    assert.equal(world.baseline, 100);
    world.bins.freeze(false, world.at);
    world.live(hour, 100);
    assert.equal(world.baseline, 100);
  });

  test('the bin into which a freeze falls does not count', () => {
    const world = new World().live(day + minute, 100);
    world.live(2 * minute, 0);
    world.bins.freeze(true, world.at);
    world.live(2 * minute, 0);
    const before = world.bins.state;
    assert.equal(before.frozen.length, 1);
    assert.equal(world.baseline, 100);
  });

  test('once adopted, forgets the bins before', () => {
    const world = new World().live(2 * day, 100);
    world.bins.freeze(true, world.at);
    const since = world.at;
    world.live(14 * day, 70);
    world.bins.adopt(since);
    assert.deepEqual([world.baseline, world.bins.baseline?.provisional], [70, false]);
  });
});

describe('a restart', () => {
  test('from stored bins and state gives the same baseline, without the frozen ones', () => {
    const world = new World().live(3 * day, 100);
    world.bins.freeze(true, world.at);
    world.live(5 * day, 10);
    const again = new Bins(settings);
    again.restore(world.bins.state, world.closed);
    assert.deepEqual(again.baseline, world.bins.baseline);
    assert.equal(again.isFrozen, true);
  });

  test('does not count the bins into which a freeze began or ended', () => {
    const world = new World().live(day - 3 * minute, 100);
    world.bins.freeze(true, world.at);
    world.live(10 * minute, 100);
    world.bins.freeze(false, world.at);
    world.live(5 * minute, 100);
    assert.equal(world.closed.length, 290);
    const again = new Bins(settings);
    again.restore(world.bins.state, world.closed);
    assert.deepEqual(
      [again.baseline?.provisional, world.bins.baseline?.provisional],
      [true, true],
      '287 bins of the 288 it takes',
    );
  });

  test('after an adoption does not know the bins before it', () => {
    // An operator adopts a level after two hours, which makes a provisional baseline, or after two days, which does
    // not.
    for (const stood of [2 * hour, 2 * day]) {
      const world = new World().live(9 * day, 100);
      world.bins.freeze(true, world.at);
      const since = world.at;
      world.live(stood, 40);
      world.bins.adopt(since);
      world.live(hour, 40);
      const again = new Bins(settings);
      again.restore(world.bins.state, world.closed);
      assert.deepEqual([again.baseline, again.baseline?.units], [world.bins.baseline, 40]);
    }
  });

  test('in the first hours keeps the provisional baseline during an outage', () => {
    const world = new World().live(3 * hour, 100);
    const again = new World();
    again.bins.restore(world.bins.state, world.closed);
    again.at = world.at;
    again.live(hour, 5);
    assert.equal(again.baseline, 100);
  });

  test('with nothing stored begins from nothing', () => {
    const bins = new Bins(settings);
    bins.restore(emptyBaselineState, []);
    assert.equal(bins.baseline, null);
  });
});

describe('another registry', () => {
  test(
    'moves all that was measured as far as what there is: the ' + 'baseline, the spread, the provisional baseline',
    () => {
      for (const lived of [2 * hour, 2 * day]) {
        const world = new World().live(lived, 100, 50);
        world.bins.shift(world.at, 30, -10);
        assert.deepEqual([world.baseline, world.bins.baseline?.prefixes], [130, 40]);
        world.live(hour, 130, 40);
        assert.deepEqual([world.baseline, world.bins.spread(2 * hour)], [130, 0]);
      }
    },
  );

  test(
    'twice, the second time in the middle of a bin and of an incident: after a restart the baseline is what ' +
      'it was',
    () => {
      const world = new World().live(2 * day, 100).live(hour, 3);
      world.bins.shift(world.at, -40, -40);
      world.live(day + 2 * minute, 60);
      world.bins.freeze(true, world.at);
      world.live(30 * minute, 10);
      world.bins.shift(world.at, 500, 500);
      world.live(3 * hour, 510);
      const again = new Bins(settings);
      again.restore(JSON.parse(JSON.stringify(world.bins.state)) as typeof world.bins.state, world.closed);
      assert.deepEqual([again.baseline, again.baseline?.units], [world.bins.baseline, 560]);
      for (const bins of [world.bins, again]) {
        bins.freeze(false, world.at);
        bins.adopt(world.at - 2 * day);
      }
      assert.deepEqual(again.baseline, world.bins.baseline);
      assert.equal(world.bins.state.shifts.length, 2);
    },
  );

  test('a shift is kept as long as any bin from before it', () => {
    const world = new World();
    const shiftsAfter = (later: number, dS: number): number => {
      world.at = start + later;
      world.live(10 * second, 100);
      world.bins.shift(world.at, dS, 0);
      return world.bins.state.shifts.length;
    };
    assert.deepEqual([shiftsAfter(hour, 1), shiftsAfter(34 * day, 1), shiftsAfter(36 * day, 1)], [1, 2, 2]);
    assert.equal(shiftsAfter(37 * day, 0), 2, 'nothing moved: nothing to remember');
  });
});

test('the spread of a window is known only when its bins cover it', () => {
  const world = new World().live(30 * minute, 100);
  assert.equal(world.bins.spread(hour), null);
  world.live(40 * minute, 97);
  assert.equal(world.bins.spread(hour), 0.03);
  world.live(hour, 97);
  assert.equal(world.bins.spread(hour), 0);
});
