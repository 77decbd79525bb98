import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { elemsOf, PeerIndex } from '../../../../src/core/bgp/index.js';
import type { Elem } from '../../../../src/core/bgp/index.js';
import { openRecording, UnreadableRecording } from '../../../../src/edges/feed/index.js';
import type { Recording } from '../../../../src/edges/feed/index.js';
import { mrtPeerTable, mrtRib } from '../../../support/feed/mrt-writer.js';
import { risUpdate } from '../../../support/feed/ris-message.js';

const folder = mkdtempSync(join(tmpdir(), 'lightsout-recording-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string): Promise<{ recording: Recording; elems: Elem[] }> {
  const peers = new PeerIndex();
  const recording = await openRecording(path, 'rrc06', peers);
  const elems: Elem[] = [];
  for await (const batch of recording.batches()) elems.push(...elemsOf(batch, peers));
  return { recording, elems };
}

const faults = (recording: Recording): Record<string, number> =>
  Object.fromEntries(Object.entries(recording.counters.problems).filter(([, count]) => count > 0));

const line = (second: number, announce: string): string =>
  risUpdate({
    collector: 'rrc21',
    peer: '192.0.2.1',
    asn: 64496,
    at: Date.UTC(2024, 0, 1) + 1000 * second,
    path: [64496, 64511],
    announce: [announce],
  });
const lines = [line(1, '10.0.0.0/8'), line(2, '11.0.0.0/8'), line(3, '12.0.0.0/8')];
/** Too long for one read, so that chunks cut lines. */
const manyLines = Array.from({ length: 5000 }, (_, i) => line(i, `10.${i >> 8}.${i & 0xff}.0/24`));

describe('recording', () => {
  for (const { what, bytes, messages, elems, problems } of [
    { what: 'JSON lines', bytes: lines.join('\n'), messages: 3, elems: 3, problems: {} },
    {
      what: 'JSON lines under any name, compressed, CR LF, empty lines',
      bytes: gzipSync(lines.join('\r\n\r\n')),
      messages: 3,
      elems: 3,
      problems: {},
    },
    { what: 'lines across chunks', bytes: gzipSync(manyLines.join('\n')), messages: 5000, elems: 5000, problems: {} },
    {
      what: 'a broken line among sound ones',
      bytes: [lines[0], lines[1].slice(0, 90), lines[2]].join('\n'),
      messages: 2,
      elems: 2,
      problems: { 'not-json': 1 },
    },
    {
      what: 'an endless line',
      bytes: `${lines[0]}\n{"type":"${'x'.repeat(5_000_000)}\n${lines[2]}\n`,
      messages: 2,
      elems: 2,
      problems: { 'line-too-long': 1 },
    },
    { what: 'an empty file', bytes: '', messages: 0, elems: 0, problems: {} },
    {
      what: 'two gzip members',
      bytes: Buffer.concat([gzipSync(`${lines[0]}\n`), gzipSync(lines[1])]),
      messages: 2,
      elems: 2,
      problems: {},
    },
  ]) {
    it(`reads ${what}`, async () => {
      const { recording, elems: read_ } = await read(fileOf('messages.gz', bytes));
      assert.equal(recording.counters.messages, messages);
      assert.equal(recording.counters.elems, elems);
      assert.deepEqual(faults(recording), problems);
      assert.equal(
        read_.every((elem) => elem.collector === 'rrc21'),
        true,
        'the host of a message wins',
      );
    });
  }

  it('reads MRT, its RIB time, and takes the collector it is told', async () => {
    const at = Date.UTC(2024, 0, 1, 8);
    const mrt = [
      mrtPeerTable(at, [{ address: '192.0.2.1', asn: 64496 }]),
      mrtRib(at, '10.0.0.0/8', [{ peer: 0, path: [64496, 64511] }]),
    ];
    for (const bytes of [Buffer.concat(mrt), gzipSync(Buffer.concat(mrt))]) {
      const { recording, elems } = await read(fileOf('bview', bytes));
      assert.deepEqual(
        elems.map((elem) => [elem.kind, elem.collector]),
        [['rib', 'rrc06']],
      );
      assert.equal(recording.counters.ribTime, at);
    }
  });

  it('reads bzip2, and of a truncated file what comes before the cut', async () => {
    const bytes = readFileSync(new URL('../../../fixtures/mrt/bgpkit__local_only_updates.bz2', import.meta.url));
    const whole = await read(fileOf('updates', bytes));
    assert.deepEqual([whole.recording.counters.messages, whole.elems.length, faults(whole.recording)], [85, 268, {}]);
    const cut = await read(fileOf('cut.bz2', bytes.subarray(0, 1000)));
    assert.equal(cut.recording.counters.damage, 'bzip2: ends early or is damaged');
    assert.equal(faults(cut.recording)['damaged-stream'], 1);
  });

  it('counts the rows of a truncated gzip, names the damage, and does not throw', async () => {
    const whole = gzipSync(manyLines.join('\n'));
    const { recording, elems } = await read(fileOf('cut.gz', whole.subarray(0, Math.floor(whole.length / 2))));
    assert.equal(recording.counters.damage, 'gzip: unexpected end of file');
    assert.equal(faults(recording)['damaged-stream'], 1);
    assert.ok(elems.length > 2000 && elems.length < 3000, `${elems.length} of 5000 elems before the cut in the middle`);
  });

  it('stops at damage inside a gzip', async () => {
    const whole = gzipSync(manyLines.join('\n'));
    const middle = Math.floor(whole.length / 2);
    whole.fill(0x55, middle, middle + 2000);
    const { recording } = await read(fileOf('damaged.gz', whole));
    assert.match(recording.counters.damage ?? '', /^gzip: /);
    assert.ok(recording.counters.elems > 1000);
  });

  it('names the file that is missing', async () => {
    const path = join(folder, 'not-here.gz');
    await assert.rejects(openRecording(path, 'rrc00', new PeerIndex()), (error) => {
      assert.ok(error instanceof UnreadableRecording);
      assert.equal(error.path, path);
      assert.equal(error.message, `${path}: no such file`);
      return true;
    });
    await assert.rejects(openRecording(folder, 'rrc00', new PeerIndex()), /is a folder/);
  });

  it('decodes only as far as it is read', async () => {
    const recording = await openRecording(fileOf('many.jsonl', manyLines.join('\n')), 'rrc00', new PeerIndex());
    const batches = recording.batches();
    await batches.next();
    assert.ok(recording.counters.elems < 1000, `${recording.counters.elems} decoded for one batch`);
    await batches.return();
  });
});
