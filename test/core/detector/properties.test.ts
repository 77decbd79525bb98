import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CountrySample } from '../../../src/core/countries/index.js';
import {
  initialDetectorState,
  legalMoves,
  levelRank,
  step,
  type DetectorState,
} from '../../../src/core/detector/index.js';
import { fold, initialIncidentState } from '../../../src/core/incidents/index.js';
import { detectorSettings, incidentSettings, play, type Story, type Told } from '../../support/replay/story.js';

/** Random walks over possible measurements: stretches of one value, of an unusable table, of no tick. */
function walk(base: string, units: number, prefixes: number): fc.Arbitrary<{ base: string; script: string }> {
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.nat(units), fc.nat(prefixes)).map(([s, n]) => `${s}/${n}`) },
    { weight: 3, arbitrary: fc.constantFrom(`${units}/${prefixes}`, '0/0') },
    { weight: 1, arbitrary: fc.constantFrom('?', '-') },
  );
  const duration = fc.constantFrom('10s', '30s', '40s', '110s', '2m', '3m', '5m', '10m', '31m', '70m');
  return fc
    .array(
      fc.tuple(duration, value).map((pair) => pair.join(' ')),
      { minLength: 1, maxLength: 25 },
    )
    .map((parts) => ({ base, script: parts.join('; ') }));
}

const walks = fc.oneof(walk('4/4', 4, 4), walk('40/20', 40, 20), walk('1000/300', 1000, 300), walk('256/2', 256, 2));
const stories: fc.Arbitrary<Story> = fc
  .tuple(walks, walk('1000/50', 1000, 50))
  .map(([ipv4, ipv6]) => ({ base: ipv4.base, ipv4: ipv4.script, base6: ipv6.base, ipv6: ipv6.script }));
const options = { numRuns: 60, seed: 20141222 };

test('levels move as the table of legal moves says, and only with their reason', () => {
  fc.assert(
    fc.property(walks, ({ base, script }) => {
      let { level } = initialDetectorState;
      const size = base === '4/4' ? 'tiny' : 'ordinary';
      for (const move of play({ base, ipv4: script }).moves) {
        const [, from, to] = /(\w+) -> (\w+)/.exec(move)!;
        assert.equal(from, level);
        assert.ok(
          legalMoves[size][level].some((legal) => legal === to),
          `${size}: ${move}`,
        );
        level = to as typeof level;
      }
    }),
    options,
  );
});

test('the same input gives the same output, also with every state through JSON between two ticks', () => {
  // A state that a tick returned unchanged is a copy already.
  const copies = new WeakSet();
  const throughJson = <T extends object>(state: T): T => {
    if (copies.has(state)) return state;
    const copy = JSON.parse(JSON.stringify(state)) as T;
    copies.add(copy);
    return copy;
  };
  fc.assert(
    fc.property(stories, (story) => {
      const first = outcome(play(story));
      assert.deepEqual(outcome(play(story)), first);
      assert.deepEqual(outcome(play(story, throughJson)), first);
    }),
    options,
  );
});

function outcome({ moves, events, detector, incidents }: Told): object {
  return { moves, events, detector, incidents };
}

test(
  'what is told adds up: every incident opens first and closes last, levels and times are in order, no id ' + 'twice',
  () => {
    fc.assert(
      fc.property(stories, (story) => {
        const { events } = play(story);
        assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
        const open = { ipv4: false, ipv6: false };
        for (const { kind, family, level, worst, since, until, onset, at } of events) {
          if (kind === 'unstable' || family === null || since === null) continue;
          assert.equal(open[family], kind !== 'opened' && (kind !== 'down-again' || open[family]), kind);
          open[family] = kind !== 'restored';
          assert.ok(
            levelRank(level) <= levelRank(worst) &&
              onset !== null &&
              since <= at &&
              (until === null || (since < until && until <= at)),
          );
          if (kind === 'opened') assert.ok(onset <= since);
        }
      }),
      options,
    );
  },
);

function sampleOf(at: number, family: 'ipv4' | 'ipv6', units: number): CountrySample {
  return {
    country: 'XX',
    label: null,
    family,
    at,
    usable: true,
    units,
    prefixes: units,
    flipped: [],
    shares: { spread: () => null },
    baseline: { units: 100, prefixes: 100, origins: 9, provisional: false },
    voters: 40,
    collectors: 3,
  };
}

test('a country whose state does not change is not written, even if it is down', () => {
  for (const units of [100, 90, 70, 0]) {
    let state: DetectorState = initialDetectorState;
    let incidents = initialIncidentState;
    let lastWrite = 0;
    for (let at = 0; at < 7_000_000; at += 10_000) {
      const samples = { ipv4: sampleOf(at, 'ipv4', units), ipv6: sampleOf(at, 'ipv6', 100) };
      const { state: after, reason } = step(state, samples.ipv4, incidents.ipv4.kind === 'open', detectorSettings);
      const ipv6 = { before: initialDetectorState, after: initialDetectorState, reason: { kind: 'steady' as const } };
      const folded = fold(
        incidents,
        { at, samples, detector: { ipv4: { before: state, after, reason }, ipv6 } },
        incidentSettings,
      );
      if (after !== state || folded.state !== incidents) lastWrite = at;
      state = after;
      incidents = folded.state;
    }
    assert.ok(lastWrite <= 180_000, `${units}: written at ${lastWrite}`);
  }
});
