/** Stories of collectors whose stream or files fail. cuts.test.ts checks that the table is right afterwards. */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Intake } from '../../../../src/edges/feed/index.js';
import {
  collectors,
  CutStream,
  minute,
  ribTime,
  second,
  streamEnds,
  type Said,
} from '../../../support/feed/cut-stream.js';
import { Reception } from '../../../support/feed/reception.js';
import { risUpdate } from '../../../support/feed/ris-message.js';
import { suitePatienceMs } from '../../../support/in-time.js';

const hour = 60 * minute;
const newRib = ribTime + 8 * hour + 10 * minute;

/** The stream continues with a message of each collector every 20 s; its files are empty. */
class LongStream extends CutStream {
  /** By path, the time until which the archive does not have the file. */
  readonly missing = new Map<string, number>();
  /** Written at 16:00, and available a little later. */
  newRibAt = newRib;
  readonly all: readonly Said[];

  constructor() {
    super(1);
    const voices = collectors.map((collector) => this.said.find((one) => one.collector === collector)!);
    const more = Array.from({ length: 10 * 180 }, (_, index) => streamEnds + index * 20 * second).flatMap((at) =>
      voices.map(({ collector }): Said => ({
        at,
        arrives: at + second,
        collector,
        record: new Uint8Array(0),
        frame: Buffer.from(
          risUpdate({ collector, peer: '203.0.113.1', asn: 64_499, at, path: [64_499], announce: ['9.9.0.0/16'] }),
        ),
      })),
    );
    this.all = [...this.said, ...more];
  }

  override file(path: string, now: number): Uint8Array | null {
    if (now < (this.missing.get(path) ?? 0)) return null;
    if (path.endsWith('/latest-bview.gz') && now >= this.newRibAt)
      return dated(super.file(path, now)!, ribTime + 8 * hour);
    const [year, month, day, hours, minutes] =
      /updates\.(\d{4})(\d\d)(\d\d)\.(\d\d)(\d\d)/.exec(path)?.slice(1).map(Number) ?? [];
    const start = Date.UTC(year, month - 1, day, hours, minutes);
    if (start < streamEnds || Number.isNaN(start)) return super.file(path, now);
    return now < start + 8 * minute ? null : new Uint8Array(0);
  }
}

/** A file whose records all have that time. */
function dated(file: Uint8Array, at: number): Uint8Array {
  const bytes = Buffer.from(file);
  for (let record = 0; record < bytes.length; record += 12 + bytes.readUInt32BE(record + 8))
    bytes.writeUInt32BE(at / second, record);
  return bytes;
}

const stageOf = (intake: Intake, collector: string): string => {
  const { stage, why } = intake.collectors().find((one) => one.collector === collector)!;
  return why === '' ? stage : `${stage}: ${why}`;
};

const stream = new LongStream();

/** A table whose start is over. What was told during the start is left out. */
async function through(): Promise<{ reception: Reception; intake: Intake; run: Promise<'too-old'> }> {
  const reception = new Reception(stream, ribTime, stream.all);
  const { intake, run } = reception.start();
  await reception.play(ribTime + 9 * minute);
  assert.deepEqual(
    intake.collectors().map(({ stage }) => stage),
    ['through', 'through', 'through'],
  );
  reception.told.splice(0);
  return { reception, intake, run };
}

describe('a collector', { timeout: suitePatienceMs }, () => {
  beforeEach(() => {
    stream.missing.clear();
    stream.newRibAt = newRib;
  });

  it('is lost when it is silent for a minute, waits to be heard, and joins when its files have come', async () => {
    const { reception, intake } = await through();
    const back = ribTime + 14 * minute;
    const hears = ({ collector, arrives }: Said): boolean => collector !== 'rrc01' || arrives >= back;
    await reception.play(ribTime + 9 * minute + 50 * second, hears);
    assert.deepEqual(reception.told, []);
    await reception.play(back, hears);
    assert.deepEqual(reception.told, ['rrc01 lost: silent']);
    assert.equal(stageOf(intake, 'rrc01'), 'lost: it was silent while others talked');
    await reception.play(back + minute, hears);
    assert.match(stageOf(intake, 'rrc01'), /^updates/);
    await reception.play(ribTime + 20 * minute, hears);
    assert.deepEqual([reception.told, stageOf(intake, 'rrc01')], [['rrc01 lost: silent', 'rrc01 joined'], 'through']);
    assert.deepEqual(intake.counters.gaps, { hole: 0, long: 0, silent: 1, lagging: 0 });
    reception.stop();
  });

  it('that was away for more than 8 hours is reset, and starts again from its RIB', async () => {
    const { reception, intake } = await through();
    const hears = ({ collector, arrives }: Said): boolean =>
      collector !== 'rrc01' || arrives >= ribTime + 8 * hour + 15 * minute;
    await reception.play(ribTime + 8 * hour + 30 * minute, hears);
    assert.deepEqual(reception.told, ['rrc01 lost: silent', 'rrc01 reset', 'rrc01 joined']);
    assert.equal(stageOf(intake, 'rrc01'), 'through');
    reception.stop();
  });

  it('whose file is missing is given up, and retried alone while the others go on', async () => {
    const { reception, intake } = await through();
    stream.missing.set('rrc01/2024.01/updates.20240101.0810.gz', ribTime + 70 * minute);
    const hears = ({ collector, arrives }: Said): boolean =>
      collector !== 'rrc01' || arrives < ribTime + 9 * minute || arrives >= ribTime + 12 * minute;
    await reception.play(ribTime + 60 * minute, hears);
    assert.deepEqual(reception.told, ['rrc01 lost: silent']);
    assert.equal(stageOf(intake, 'rrc01'), 'given-up: rrc01/2024.01/updates.20240101.0810.gz: missing');
    await reception.play(ribTime + 100 * minute, hears);
    assert.deepEqual([reception.told, stageOf(intake, 'rrc01')], [['rrc01 lost: silent', 'rrc01 joined'], 'through']);
    reception.stop();
  });

  it(
    'whose RIB is still the same when a file is missing for long ' + 'goes on with the files, and keeps its table',
    async () => {
      const { reception, intake } = await through();
      // From 17:00 on a newer RIB is due, and never appears.
      stream.newRibAt = Infinity;
      stream.missing.set('rrc01/2024.01/updates.20240101.0810.gz', ribTime + 9.5 * hour);
      const hears = ({ collector, arrives }: Said): boolean =>
        collector !== 'rrc01' || arrives < ribTime + 9 * minute || arrives >= ribTime + 12 * minute;
      await reception.play(ribTime + 9.4 * hour, hears);
      assert.deepEqual(reception.told, ['rrc01 lost: silent']);
      assert.match(stageOf(intake, 'rrc01'), /^given-up: .*updates.20240101.0810.gz: missing$/);
      await reception.play(ribTime + 10.3 * hour, hears);
      assert.deepEqual([reception.told, stageOf(intake, 'rrc01')], [['rrc01 lost: silent', 'rrc01 joined'], 'through']);
      reception.stop();
    },
  );

  it('that was late joins through the files of the time it lost, even if it was heard all the time', async () => {
    const late = { from: ribTime + 10 * minute, to: ribTime + 13 * minute };
    const isLate = ({ collector, arrives }: Said): boolean =>
      collector === 'rrc01' && arrives >= late.from && arrives < late.to;
    const said = stream.all
      .map((one) => (isLate(one) ? { ...one, arrives: one.arrives + 40 * second } : one))
      .sort((a, b) => a.arrives - b.arrives);
    const reception = new Reception(stream, ribTime, said);
    const { intake } = reception.start();
    await reception.play(ribTime + 9 * minute);
    reception.told.splice(0);
    await reception.play(late.to);
    assert.equal(stageOf(intake, 'rrc01'), 'lost: its messages come too late');
    await reception.play(late.to + 4 * minute);
    assert.match(stageOf(intake, 'rrc01'), /^updates/);
    await reception.play(ribTime + 25 * minute);
    assert.deepEqual([reception.told, stageOf(intake, 'rrc01')], [['rrc01 lost: lagging', 'rrc01 joined'], 'through']);
    reception.stop();
  });

  it(
    'with a short hole stays through while its files are awaited, for hours if need be; then its RIB is ' + 'loaded',
    async () => {
      const { reception, intake } = await through();
      stream.missing.set('rrc01/2024.01/updates.20240101.0810.gz', Infinity);
      const isUp = (at: number): boolean => at < ribTime + 11 * minute || at >= ribTime + 11 * minute + 25 * second;
      await reception.play(ribTime + 7 * hour, () => true, isUp);
      const filled = ['rrc00 holed', 'rrc01 holed', 'rrc03 holed', 'rrc00 filled', 'rrc03 filled'];
      assert.deepEqual(reception.told, filled);
      assert.match(stageOf(intake, 'rrc01'), /^filling: a hole of \d+ s is being filled$/);
      assert.deepEqual(intake.counters.gaps, { hole: 1, long: 0, silent: 0, lagging: 0 });
      stream.missing.clear();
      stream.missing.set('rrc01/2024.01/updates.20240101.0810.gz', ribTime + 8 * hour + 15 * minute);
      const { updateFiles } = intake.counters;
      await reception.play(ribTime + 9 * hour, () => true, isUp);
      assert.deepEqual(reception.told, [...filled, 'rrc01 lost: files', 'rrc01 reset', 'rrc01 joined']);
      assert.equal(
        intake.counters.updateFiles - updateFiles,
        4,
        'from 16:00 on, over the time at which its rows began to be kept',
      );
      reception.stop();
    },
  );

  it('ends with all others when the connection was away for more than 8 hours: a new table is sooner', async () => {
    const { reception, run } = await through();
    const { consumer, clock } = reception;
    consumer.onState({ kind: 'down', reason: 'the lid was closed', retryInMs: 1_000 });
    consumer.onGap({ kind: 'gap', collector: null, from: clock.now(), to: clock.now() + 8 * hour + 1 });
    assert.equal(await run, 'too-old');
    assert.deepEqual(reception.told, []);
  });

  it('whose connection flaps fills one hole after the other, and none of it twice', async () => {
    const { reception, intake } = await through();
    const isUp = (at: number): boolean => (at - ribTime) % (4 * minute) >= 30 * second;
    await reception.play(ribTime + 90 * minute, () => true, isUp);
    const { fillFiles } = intake.counters;
    // Each of three collectors is 16 files behind, and each hole begins in a file that was read.
    assert.ok(fillFiles > 3 * 13 && fillFiles < 3 * 16 * 3, `${fillFiles} files`);
    await reception.play(ribTime + 120 * minute);
    assert.deepEqual(
      intake.collectors().map(({ stage }) => stage),
      ['through', 'through', 'through'],
    );
    reception.stop();
  });
});
