import { type HistoryRow, type Resolution, rowValues, unknownValue } from '../../core/countries/index.js';
import { historyRules } from '../../core/incidents/index.js';
import { dayMs } from '../../core/time.js';

/**
 * A country's UTC day of one resolution is one run of bytes: a row per minute (1440) or bin (288), each 8 little-endian
 * uint32 in the order of rowValues. It ends with the last row written. A row of which nothing is known (all 0xFFFFFFFF)
 * is as good as absent.
 */
export const rowBytes = rowValues.length * 4;
/** Every byte of an absent row. */
export const absentByte = 0xff;

/**
 * Where a row lies: its day (since 1970) and its first byte in that day. Throws RangeError if its time or
 * its length is not that of a row.
 */
export function placeOf(row: HistoryRow): { day: number; offset: number } {
  const { stepMs } = historyRules[row.resolution];
  if (row.at < 0 || row.at % stepMs !== 0 || row.values.length !== rowValues.length) {
    throw new RangeError(`no ${row.resolution} row of ${row.country}: at ${row.at}, ${row.values.length} values`);
  }
  const day = Math.floor(row.at / dayMs);
  return { day, offset: ((row.at - day * dayMs) / stepMs) * rowBytes };
}

/** When a day is dropped: once its last row has been kept long enough. Rows for a day beyond that are not written. */
export function expiryOf(resolution: Resolution, day: number): number {
  return (day + 1) * dayMs + historyRules[resolution].keepMs;
}

export function packRow(values: Uint32Array): Buffer {
  const row = Buffer.allocUnsafe(rowBytes);
  values.forEach((value, index) => row.writeUInt32LE(value, index * 4));
  return row;
}

/** No question needs more than is kept; a larger one is a mistake in units, and would read for minutes. */
const longestMs = 366 * dayMs;

/**
 * The days that [from, to) touches and the bytes it takes of each, oldest first. Throws RangeError when that is more
 * than a year.
 */
export function spansOf(
  resolution: Resolution,
  from: number,
  to: number,
): { day: number; start: number; end: number }[] {
  const { stepMs } = historyRules[resolution];
  if (!(to - from <= longestMs)) throw new RangeError(`history asked from ${from} to ${to}: more than a year`);
  const spans = [];
  for (let day = Math.floor(from / dayMs); day * dayMs < to; day++) {
    const first = Math.ceil(Math.max(from - day * dayMs, 0) / stepMs);
    const last = Math.ceil(Math.min(to - day * dayMs, dayMs) / stepMs);
    if (first < last) spans.push({ day, start: first * rowBytes, end: last * rowBytes });
  }
  return spans;
}

/** The rows in `packed`, the bytes of a day from `start` on; absent ones left out. */
export function unpackRows(
  country: string,
  resolution: Resolution,
  day: number,
  start: number,
  packed: Uint8Array,
): HistoryRow[] {
  const { stepMs } = historyRules[resolution];
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const rows: HistoryRow[] = [];
  for (let offset = 0; offset + rowBytes <= packed.length; offset += rowBytes) {
    const values = new Uint32Array(rowValues.length);
    let known = false;
    for (let index = 0; index < values.length; index++) {
      const value = view.getUint32(offset + index * 4, true);
      values[index] = value;
      known ||= value !== unknownValue;
    }
    if (known) rows.push({ country, resolution, at: day * dayMs + ((start + offset) / rowBytes) * stepMs, values });
  }
  return rows;
}
