import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFonts, renderChart, renderPng } from '../../../src/edges/chart/index.js';
import type { ChartInput } from '../../../src/edges/chart/index.js';
import { decodePng, inkIn } from '../../support/png.js';

const from = Date.UTC(2014, 11, 22);
const dayMs = 86_400_000;
const down = { from: from + dayMs / 2, to: from + dayMs * 0.75 };
const input: ChartInput = {
  title: 'North Korea: down',
  subtitle: '0 of 4 routes visible',
  source: 'RIPE NCC RIS',
  from,
  to: from + dayMs,
  series: [
    {
      label: 'IPv4',
      points: Array.from({ length: 1440 }, (_, i) => ({ at: from + i * 60_000, share: i >= 720 && i < 1080 ? 0 : 1 })),
    },
  ],
  outages: [down],
};

test('the picture has its size, its words, its line where the data are, and its band where the outage is', () => {
  const picture = decodePng(renderPng(renderChart(input)));
  assert.deepEqual([picture.width, picture.height], [1100, 520]);
  assert.deepEqual(picture.pixel(0, 0), [0x2b, 0x2d, 0x31, 255]);
  assert.ok(inkIn(picture, 40, 20, 700, 70) > 2000, 'title');
  assert.ok(inkIn(picture, 10, 120, 90, 440) > 800, 'share axis');
  assert.ok(inkIn(picture, 60, 446, 1040, 470) > 1500, 'time axis');
  const isLine = (x: number, y: number): boolean => picture.pixel(x, y).join() === [0x5a, 0xa9, 0xff, 255].join();
  assert.ok(isLine(300, 154), '100 % at 05:23');
  assert.ok(isLine(640, 432) && !isLine(640, 154), '0 % at 14:23');
  const [red, , blue] = picture.pixel(680, 300);
  assert.ok(red > 1.3 * blue, 'the band is red');
});

test('without its fonts a picture has no text, and the check at the start says so', () => {
  const wordless = renderChart(input)
    .replace(/ font-family="DejaVu Sans"/, '')
    .replace(/<text.*?<\/text>/g, '');
  const picture = decodePng(renderPng(wordless));
  assert.equal(inkIn(picture, 40, 20, 700, 70), 0);
  assert.doesNotThrow(() => {
    assertFonts();
  });
  assert.throws(() => {
    assertFonts(['/nowhere/DejaVuSans.ttf', '/nowhere/DejaVuSans-Bold.ttf']);
  }, /Charts would have no text: the normal font could not be loaded from \/nowhere\/DejaVuSans\.ttf/);
});

test('35 days of 5-minute points in two lines are a picture that is quickly sent', () => {
  const points = (base: number) =>
    Array.from({ length: 10_080 }, (_, i) => ({ at: from + i * 300_000, share: base + ((i * 7919) % 100) / 1000 }));
  const long: ChartInput = {
    ...input,
    to: from + 35 * dayMs,
    series: [
      { label: 'IPv4', points: points(0.9) },
      { label: 'IPv6', points: points(0.5) },
    ],
  };
  const svg = renderChart(long);
  const png = renderPng(svg);
  assert.ok(png.length < 300_000 && svg.length < 300_000, `${png.length} and ${svg.length} bytes`);
});
