import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { assertFonts, renderChart, renderPng } from '../../src/chart/index.js';
import type { ChartInput } from '../../src/chart/index.js';

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Bytes per row, and the row's samples before unfiltering of every later row: RGBA, 8 bit. */
  readonly pixel: (x: number, y: number) => readonly number[];
}

/** A PNG of 8-bit RGBA, not interlaced (what resvg writes), by the PNG specification: chunks, inflate, undo the row filters. */
function decode(png: Uint8Array): Picture {
  const bytes = Buffer.from(png);
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)) });
  }
  const header = chunks[0].data;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  assert.deepEqual([...header.subarray(8, 13)], [8, 6, 0, 0, 0]);
  const raw = inflateSync(Buffer.concat(chunks.filter((chunk) => chunk.type === 'IDAT').map((chunk) => chunk.data)));
  const stride = width * 4;
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const left = i >= 4 ? rows[y * stride + i - 4] : 0;
      const up = y > 0 ? rows[(y - 1) * stride + i] : 0;
      const corner = i >= 4 && y > 0 ? rows[(y - 1) * stride + i - 4] : 0;
      const guess = left + up - corner;
      const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      rows[y * stride + i] = raw[y * (stride + 1) + 1 + i] + [0, left, up, (left + up) >> 1, paeth][filter];
    }
  }
  return { width, height, pixel: (x, y) => [...rows.subarray(y * stride + x * 4, y * stride + x * 4 + 4)] };
}

/** Pixels of a region that differ from the picture's corner. */
function inkIn(picture: Picture, left: number, top: number, right: number, bottom: number): number {
  const paper = picture.pixel(0, 0).join();
  let ink = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) if (picture.pixel(x, y).join() !== paper) ink++;
  return ink;
}

const from = Date.UTC(2014, 11, 22);
const dayMs = 86_400_000;
const down = { from: from + dayMs / 2, to: from + dayMs * 0.75 };
const input: ChartInput = {
  title: 'North Korea: down',
  subtitle: '0 of 4 routes visible', source: 'RIPE NCC RIS',
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
  const picture = decode(renderPng(renderChart(input)));
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

test('without its fonts a picture has no words, and the check at start says so', () => {
  const wordless = renderChart(input).replace(/ font-family="DejaVu Sans"/, '').replace(/<text.*?<\/text>/g, '');
  const picture = decode(renderPng(wordless));
  assert.equal(inkIn(picture, 40, 20, 700, 70), 0);
  assert.doesNotThrow(() => {
    assertFonts();
  });
  assert.throws(() => {
    assertFonts(['/nowhere/DejaVuSans.ttf', '/nowhere/DejaVuSans-Bold.ttf']);
  }, /Charts would have no text: the normal font could not be loaded from \/nowhere\/DejaVuSans\.ttf/);
});

test('35 days of 5-minute points in two lines are a picture in well under a second', () => {
  const points = (base: number) => Array.from({ length: 10_080 }, (_, i) => ({ at: from + i * 300_000, share: base + ((i * 7919) % 100) / 1000 }));
  const long: ChartInput = {
    ...input,
    to: from + 35 * dayMs,
    series: [
      { label: 'IPv4', points: points(0.9) },
      { label: 'IPv6', points: points(0.5) },
    ],
  };
  const before = performance.now();
  const svg = renderChart(long);
  const png = renderPng(svg);
  assert.ok(performance.now() - before < 1000);
  assert.ok(png.length < 300_000 && svg.length < 300_000, `${png.length} and ${svg.length} bytes`);
});
