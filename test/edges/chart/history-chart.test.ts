import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyChart, renderChart, type History } from '../../../src/edges/chart/index.js';
import { unknownValue, type HistoryRow, type Resolution } from '../../../src/core/countries/index.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const from = Date.UTC(2014, 11, 22);

/** A row with these units of IPv4 and IPv6; null: not measured. */
function row(resolution: Resolution, at: number, units4: number | null, units6: number | null = null): HistoryRow {
  const values = new Uint32Array(8).fill(unknownValue);
  if (units4 !== null) values[0] = units4;
  if (units6 !== null) values[4] = units6;
  return { country: 'KP', resolution, at, values };
}

const rows = (
  resolution: Resolution,
  start: number,
  end: number,
  units: (at: number) => number | null,
): HistoryRow[] => {
  const step = resolution === 'minute' ? minute : 5 * minute;
  return Array.from({ length: Math.round((end - start) / step) }, (_, n) =>
    row(resolution, start + n * step, units(start + n * step)),
  );
};

const ipv4 = { family: 'ipv4', baseline: 4, latest: null } as const;
const history = (changes: Partial<History>): History => ({
  title: 'North Korea',
  subtitle: 'Down since 16:15 UTC',
  source: 'RIPE RIS',
  from,
  to: from + day,
  minutes: [],
  bins: [],
  families: [ipv4],
  outages: [],
  ...changes,
});
const shares = (changes: Partial<History>, series = 0): (number | null)[] =>
  (historyChart(history(changes))?.series[series].points ?? []).map(({ share }) => share);

test('a day is drawn by minutes, as shares of the baseline', () => {
  const minutes = [row('minute', from, 4), row('minute', from + minute, 1), row('minute', from + 2 * minute, 0)];
  assert.deepEqual(historyChart(history({ minutes }))?.series, [
    {
      label: 'IPv4',
      points: [
        { at: from, share: 1 },
        { at: from + minute, share: 0.25 },
        { at: from + 2 * minute, share: 0 },
      ],
    },
  ]);
});

test('an unmeasured time is drawn as a gap, not as zero', () => {
  const minutes = [row('minute', from, 4), row('minute', from + minute, null), row('minute', from + 2 * minute, 4)];
  assert.deepEqual(shares({ minutes }), [1, null, 1]);
  const holed = [
    ...rows('minute', from, from + 8 * hour, () => 4),
    ...rows('minute', from + 16 * hour, from + day, () => 4),
  ];
  assert.match(renderChart(historyChart(history({ minutes: holed }))!), />no data</);
});

test('bins replace minutes that were not written, and beyond two days all of them', () => {
  const minutes = rows('minute', from + hour, from + 2 * hour, () => 2);
  const bins = rows('bin', from, from + 2 * hour, () => 4);
  assert.deepEqual(shares({ minutes, bins }), [...Array<number>(12).fill(1), ...Array<number>(60).fill(0.5)]);
  assert.deepEqual(shares({ minutes, bins, to: from + 3 * day }), Array<number>(24).fill(1));
});

test('a bin does not fill what its minutes say was unknown', () => {
  const minutes = rows('minute', from, from + 5 * minute, () => null);
  assert.equal(historyChart(history({ minutes, bins: [row('bin', from, 4)] })), null);
});

test('the last measure completes the rows, unless it is older or beyond the range', () => {
  const minutes = [row('minute', from, 4), row('minute', from + minute, 4)];
  const last = (at: number): number | null | undefined =>
    shares({ minutes, families: [{ ...ipv4, latest: { at, units: 0 } }] }).at(-1);
  assert.deepEqual([last(from + 3 * minute), last(from), last(from + 2 * day)], [0, 1, 1]);
});

test('each family has a line, unless it is not judged or was never measured', () => {
  const minutes = [row('minute', from, 4, 30), row('minute', from + minute, 2, 60)];
  const families = [ipv4, { family: 'ipv6', baseline: 60, latest: null }] as const;
  assert.deepEqual(
    [shares({ minutes, families }), shares({ minutes, families }, 1)],
    [
      [1, 0.5],
      [0.5, 1],
    ],
  );
  const labels = (changes: Partial<History>): string[] =>
    (historyChart(history({ minutes, families, ...changes }))?.series ?? []).map(({ label }) => label);
  assert.deepEqual(labels({ families: [families[1]] }), ['IPv6']);
  assert.deepEqual(labels({ families: [{ ...ipv4, baseline: 0 }, families[1]] }), ['IPv6']);
  assert.deepEqual(labels({ minutes: [row('minute', from, 4)] }), ['IPv4']);
  assert.equal(historyChart(history({})), null);
});

test('outages that overlap are one band', () => {
  const outages = (...list: History['outages']): History['outages'] =>
    historyChart(history({ minutes: [row('minute', from, 4)], outages: list }))!.outages;
  assert.deepEqual(outages({ from: 5, to: 9 }, { from: 1, to: 3 }), [
    { from: 1, to: 3 },
    { from: 5, to: 9 },
  ]);
  assert.deepEqual(outages({ from: 2, to: 4 }, { from: 1, to: 3 }), [{ from: 1, to: 4 }]);
  assert.deepEqual(outages({ from: 1, to: null }, { from: 2, to: 3 }), [{ from: 1, to: null }]);
  assert.deepEqual(outages({ from: 1, to: 3 }, { from: 2, to: null }), [{ from: 1, to: null }]);
});
