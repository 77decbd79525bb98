import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartAltText, renderChart } from '../../../src/edges/chart/index.js';
import type { ChartInput, ChartPoint } from '../../../src/edges/chart/index.js';
import { holesOf, stepPath, stretchesOf } from '../../../src/edges/chart/step-line.js';
import { daysOf, timeTicks } from '../../../src/edges/chart/time-axis.js';

const t = (iso: string): number => Date.parse(`${iso}:00Z`);
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A point every `stepMs`, from <= at < to. */
function points(from: number, to: number, stepMs: number, share: (at: number) => number | null): ChartPoint[] {
  return Array.from({ length: Math.ceil((to - from) / stepMs) }, (_, i) => ({
    at: from + i * stepMs,
    share: share(from + i * stepMs),
  }));
}

const start = t('2014-12-22T16:00');
const small: ChartInput = {
  title: 'North Korea: down & out',
  subtitle: '0 of 4 routes visible',
  source: 'RIPE NCC RIS',
  from: start,
  to: start + hour,
  series: [
    {
      label: 'IPv4',
      points: points(start, start + hour, 5 * minute, (at) =>
        at === start + 10 * minute ? null : at < start + 15 * minute ? 1 : 0,
      ),
    },
  ],
  outages: [{ from: start + 15 * minute, to: null }],
};

test('a small chart, line by line: gap, step, band, axis in UTC', () => {
  const svg = renderChart(small);
  const golden = [
    // the gap between 16:10 and 16:15, hatched
    '<rect x="247.3" y="132" width="75.7" height="300" fill="url(#unmeasured)"/>',
    // 100 % until 16:10, and 0 % from 16:15 to the end: two paths with nothing between them
    '<path d="M96 154.2H247.3" fill="none" stroke="#5aa9ff" stroke-width="3" stroke-linejoin="round" ' +
      'stroke-linecap="round"/>',
    '<path d="M323 432H1004" fill="none" stroke="#5aa9ff" stroke-width="3" stroke-linejoin="round" ' +
      'stroke-linecap="round"/>',
    '<rect x="323" y="132" width="681" height="300" fill="#f23f43" fill-opacity="0.18"/>',
    '<line x1="96" y1="154.2" x2="1004" y2="154.2" stroke="#949ba4" stroke-width="2" stroke-dasharray="9 7"/>',
    '<text x="1004" y="502" font-size="18" fill="#949ba4" text-anchor="end">22 Dec 2014, UTC</text>',
    '<text x="1016" y="440" font-size="21" font-weight="bold" fill="#5aa9ff">0 %</text>',
  ];
  for (const line of golden) assert.ok(svg.split('\n').includes(line), `${line}\nis missing from\n${svg}`);
  assert.match(svg, /^<svg [^>]*width="1100" height="520"/);
  assert.deepEqual(svg.match(/(?<=text-anchor="middle">)\d\d:\d\d(?=<)/g), [
    '16:00',
    '16:10',
    '16:20',
    '16:30',
    '16:40',
    '16:50',
    '17:00',
  ]);
  assert.match(svg, />since 16:15</);
  assert.match(svg, />North Korea: down &amp; out</);
  assert.equal(renderChart(small), svg);
});

test('an outage lasts as long as the minutes say that are printed beside the chart', () => {
  const outages = [{ from: start + 15 * minute + 50_000, to: start + 46 * minute }];
  assert.match(renderChart({ ...small, outages }), />31 min</);
});

test('only a chart of two lines has a legend', () => {
  assert.ok(!renderChart(small).includes('>IPv4<'));
  const both = renderChart({
    ...small,
    series: [...small.series, { label: 'IPv6', points: points(start, start + hour, 5 * minute, () => 0.5) }],
  });
  assert.ok(both.includes('>IPv4<') && both.includes('>IPv6<'));
});

test('an empty history is a chart of no data, not a line at 0 %', () => {
  const svg = renderChart({ ...small, series: [{ label: 'IPv4', points: [] }], outages: [] });
  assert.match(svg, />no data</);
  assert.doesNotMatch(svg, /<path|NaN|undefined/);
});

test('holes end a stretch, mixed row lengths do not', () => {
  const whole = (list: readonly ChartPoint[]): [number, number][] =>
    stretchesOf(list, start, start + day).map((stretch) => [stretch.points[0].at - start, stretch.end - start]);
  const rows = (from: number, to: number, step: number): ChartPoint[] =>
    points(start + from, start + to, step, () => 1);
  const cases: [string, readonly ChartPoint[], [number, number][]][] = [
    ['unbroken', rows(0, hour, minute), [[0, hour]]],
    [
      'a missing half hour',
      [...rows(0, hour, minute), ...rows(1.5 * hour, 2 * hour, minute)],
      [
        [0, hour],
        [1.5 * hour, 2 * hour],
      ],
    ],
    ['one late row', [...rows(0, hour, minute), ...rows(hour + 4 * minute, 2 * hour, minute)], [[0, 2 * hour]]],
    ['5-min rows, then 1-min rows', [...rows(0, hour, 5 * minute), ...rows(hour, 4 * hour, minute)], [[0, 4 * hour]]],
    [
      'a null',
      [...rows(0, hour, minute), { at: start + hour, share: null }, ...rows(hour + minute, 2 * hour, minute)],
      [
        [0, hour],
        [hour + minute, 2 * hour],
      ],
    ],
    ['nothing', [], []],
  ];
  for (const [name, list, expected] of cases) assert.deepEqual(whole(list), expected, name);
  const [stretch] = stretchesOf(rows(hour, 2 * hour, minute), start, start + day);
  assert.deepEqual(
    holesOf([stretch], start, start + day).map(({ from, to }) => [from - start, to - start]),
    [
      [0, hour],
      [2 * hour, day],
    ],
  );
});

test('a dip of one point among thousands in 35 days is still drawn to its depth, in a path of bounded length', () => {
  const to = start + 35 * day;
  const dip = start + 17 * day + 2 * hour;
  let path = '';
  const noisy = points(start, to, 5 * minute, (at) => (at === dip ? 0.04 : 0.9 + ((at / minute) % 7) / 100));
  for (const stretch of stretchesOf(noisy, start, to)) {
    path += stepPath(stretch, { x: (at) => ((at - start) / (to - start)) * 900, y: (share) => 100 - 100 * share });
  }
  assert.match(path, /V96V/);
  assert.equal(noisy.length, 10_080);
  assert.ok((path.match(/[HV]/g) ?? []).length <= 5 * 901, `${(path.match(/[HV]/g) ?? []).length} moves`);
});

test('flat, then a step between two distant columns: the line turns where the value changes', () => {
  const [stretch] = stretchesOf(
    points(start, start + hour, minute, (at) => (at < start + 30 * minute ? 1 : 0)),
    start,
    start + hour,
  );
  assert.equal(stepPath(stretch, { x: (at) => (at - start) / minute, y: (share) => 10 - 10 * share }), 'M0 0H30V10H60');
  // the same when all points of half an hour are in one pixel
  assert.equal(
    stepPath(stretch, { x: (at) => (at - start) / (30 * minute), y: (share) => 10 - 10 * share }),
    'M0 0H1V10H2',
  );
});

test('ticks are round UTC times, 3 to 8 of them from an hour to 35 days', () => {
  const from = t('2014-12-21T11:37');
  const cases: [string, number, string[]][] = [
    ['1 h', hour, ['11:40', '11:50', '12:00', '12:10', '12:20', '12:30']],
    ['6 h', 6 * hour, ['12:00', '13:00', '14:00', '15:00', '16:00', '17:00']],
    ['24 h', day, ['12:00', '15:00', '18:00', '21:00', '22 Dec', '03:00', '06:00', '09:00']],
    ['3 d', 3 * day, ['12:00', '22 Dec', '12:00', '23 Dec', '12:00', '24 Dec']],
    ['7 d', 7 * day, ['22 Dec', '23 Dec', '24 Dec', '25 Dec', '26 Dec', '27 Dec', '28 Dec']],
    ['35 d', 35 * day, ['26 Dec', '31 Dec', '5 Jan', '10 Jan', '15 Jan', '20 Jan', '25 Jan']],
  ];
  for (const [name, length, expected] of cases) {
    assert.deepEqual(
      timeTicks(from, from + length, 8).map((tick) => tick.label),
      expected,
      name,
    );
  }
  for (let length = hour; length <= 35 * day; length *= 1.13) {
    const ticks = timeTicks(from, from + length, 8).length;
    assert.ok(ticks >= 3 && ticks <= 8, `${ticks} ticks in ${length / hour} h`);
  }
});

test('the days of a range are written once, with their year', () => {
  assert.equal(daysOf(t('2014-12-22T10:00'), t('2014-12-23T00:00')), '22 Dec 2014');
  assert.equal(daysOf(t('2014-12-22T10:00'), t('2014-12-23T00:01')), '22–23 Dec 2014');
  assert.equal(daysOf(t('2014-11-30T10:00'), t('2014-12-02T00:00')), '30 Nov – 1 Dec 2014');
  assert.equal(daysOf(t('2014-12-30T10:00'), t('2015-01-02T10:00')), '30 Dec 2014 – 2 Jan 2015');
});

test('the alt text tells range, course and outages within what Discord takes', () => {
  assert.equal(
    chartAltText(small),
    'Line chart, 22 Dec 2014 (UTC): North Korea: down & out. 0 of 4 routes visible. IPv4: 100 % of the ' +
      'baseline at first, lowest 0 % at ' +
      '22 Dec 16:15, 0 % at last. Outages: 22 Dec 16:15 to now, still lasting.',
  );
  const many = points(start, start + hour, minute, () => 1).map(({ at }) => ({ from: at, to: at + 30_000 }));
  assert.match(chartAltText({ ...small, outages: many }), /; and 56 earlier\.$/);
  assert.match(chartAltText({ ...small, series: [{ label: 'IPv6', points: [] }] }), /IPv6: no data\./);
  assert.ok(chartAltText({ ...small, subtitle: 'x'.repeat(3000) }).length <= 1024);
});
