import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** The RGBA samples of a pixel, 8 bits each. */
  readonly pixel: (x: number, y: number) => readonly number[];
}

/** Decodes a PNG of 8-bit RGBA that is not interlaced, which is what resvg writes: chunks, inflate, row filters. */
export function decodePng(png: Uint8Array): Picture {
  const bytes = Buffer.from(png);
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    chunks.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)),
    });
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

/** How many pixels of a region differ from the picture's corner. */
export function inkIn(picture: Picture, left: number, top: number, right: number, bottom: number): number {
  const paper = picture.pixel(0, 0).join();
  let ink = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) if (picture.pixel(x, y).join() !== paper) ink++;
  return ink;
}
