import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HistoryRow, Resolution } from '../../../src/core/countries/index.js';
import type { Commit, EventKind, Lease } from '../../../src/core/incidents/index.js';
import { historyRules, isOver, stateVersion } from '../../../src/core/incidents/index.js';
import { StoreRefusedError } from '../../../src/edges/store/index.js';
import type { Store } from '../../../src/edges/store/index.js';
import { eventOf, healthOf, incidentEventOf, numberOf, recordOf, rowOf, stateOf } from './samples.js';

export interface StoreHarness {
  /** An empty place of its own. */
  create(): Promise<{ open(): Promise<Store>; remove(): Promise<void> }>;
}

const everyKind: Readonly<Record<EventKind, true>> = {
  opened: true,
  escalated: true,
  'follow-up': true,
  'partially-restored': true,
  'down-again': true,
  restored: true,
  'new-normal': true,
  unstable: true,
  notice: true,
};
const noon = Date.UTC(2026, 5, 10, 12);
const minute = historyRules.minute.stepMs;
const day = 86_400_000;

/** What every store must do. */
export function storeContract(harness: StoreHarness): void {
  let store: Store;
  let place: Awaited<ReturnType<StoreHarness['create']>>;
  let lease: Lease;
  let version: number;

  const batch = (over: Partial<Commit> = {}): Commit => ({
    lease,
    version: version + 1,
    at: noon,
    states: [],
    rows: [],
    events: [],
    records: [],
    health: null,
    ...over,
  });
  async function commit(over: Partial<Commit> = {}): Promise<void> {
    assert.equal(await store.commit(batch(over)), 'committed');
    version++;
  }
  /** Each story starts with an empty store, whose lease it holds. */
  function story(name: string, run: () => Promise<void>): void {
    test(name, async () => {
      place = await harness.create();
      store = await place.open();
      lease = (await store.acquire('me', 60_000))!;
      version = 0;
      try {
        await run();
      } finally {
        await store.close();
        await place.remove();
      }
    });
  }
  const rowsOf = (rows: readonly HistoryRow[]): [number, number][] => rows.map(({ at, values }) => [at, values[0]]);

  story('an empty store knows nothing', async () => {
    assert.deepEqual(await store.load(), { version: 0, states: [] });
    assert.equal(await store.end(), 0);
    assert.equal(await store.cursor('terminal'), null);
    assert.deepEqual(await store.readAfter(0, 10), []);
    assert.deepEqual(await store.history('KP', 'minute', noon, noon + day), []);
    assert.deepEqual([await store.states(), await store.records(), await store.incidents(0, null)], [[], [], []]);
    assert.deepEqual([await store.record('KP'), await store.health()], [null, null]);
  });

  story('the last record, health and state that were written are read back', async () => {
    await commit({
      states: [stateOf('KP', 1)],
      records: [recordOf('KP', 4), recordOf('PS-GZ', 3)],
      health: healthOf(1),
    });
    await commit({ records: [recordOf('KP', 2)] });
    await commit({ states: [stateOf('KP', 2)], health: healthOf(2) });
    await commit();
    await store.close();
    store = await place.open();
    const records = (await store.records()).sort((a, b) => (a.country < b.country ? -1 : 1));
    assert.deepEqual(records, [recordOf('KP', 2), recordOf('PS-GZ', 3)]);
    assert.deepEqual([await store.record('PS-GZ'), await store.record('PS')], [recordOf('PS-GZ', 3), null]);
    assert.deepEqual(await store.health(), healthOf(2));
    assert.deepEqual(await store.states(), [stateOf('KP', 2)]);
  });

  story(
    "incidents: the last event of each that goes on or ended lately, newest first, a country's alone or all",
    async () => {
      const gaza = incidentEventOf('PS-GZ', 'ipv4', 1, noon - 3 * day);
      const palestine = [
        incidentEventOf('PS', 'ipv4', 1, noon - 2 * day),
        incidentEventOf('PS', 'ipv6', 1, noon - day),
      ];
      const korea = (n: number, at: number, kind: Parameters<typeof incidentEventOf>[4]) =>
        incidentEventOf('KP', 'ipv4', n, at, kind);
      const ids = async (from: number, country: string | null) =>
        (await store.incidents(from, country)).map(({ id }) => id);
      await commit({ events: [gaza, palestine[0], eventOf('no incident')] });
      await commit({ events: [korea(1, noon - 2, 'opened'), palestine[1], korea(2, noon - 1, 'restored')] });
      assert.deepEqual(await store.incidents(noon - 1, null), [
        korea(2, noon - 1, 'restored'),
        palestine[1],
        palestine[0],
        gaza,
      ]);
      assert.deepEqual(
        await ids(noon, null),
        [palestine[1].id, palestine[0].id, gaza.id],
        'what ended earlier is left out',
      );
      assert.deepEqual(await ids(noon, 'PS'), [palestine[1].id, palestine[0].id]);
      assert.deepEqual(await ids(noon, 'PS-GZ'), [gaza.id]);
      assert.deepEqual([await ids(0, 'P'), await ids(0, 'KP')], [[], ['KP-ipv4-1000/2']]);
      await commit({
        events: [korea(3, noon + 1, 'down-again'), incidentEventOf('PS', 'ipv6', 2, noon + 2, 'new-normal')],
      });
      assert.deepEqual(
        await ids(noon + 3, null),
        ['KP-ipv4-1000/3', palestine[0].id, gaza.id],
        'reopened, and one more over',
      );
    },
  );

  story('an incident is over by the events that isOver names, and by no others', async () => {
    const kinds = Object.keys(everyKind) as EventKind[];
    const events = kinds.map((kind, index) => incidentEventOf(`X${index}`, 'ipv4', 1, noon, kind));
    await commit({ events });
    const goingOn = (await store.incidents(noon + 1, null)).map(({ kind }) => kind);
    assert.deepEqual(goingOn.sort(), kinds.filter((kind) => !isOver({ kind })).sort());
  });

  story('the next process to open the store finds the commit', async () => {
    await commit({
      states: [stateOf('KP', 1), stateOf('SY', 1)],
      events: [eventOf('a/1'), eventOf('a/2')],
      rows: [rowOf('KP', 'minute', noon, 4)],
    });
    await commit({ states: [stateOf('KP', 2)], events: [eventOf('b/1')] });
    await store.moveCursor('terminal', 2);
    await store.close();
    store = await place.open();
    const { version: loaded, states } = await store.load();
    assert.equal(loaded, 2);
    assert.deepEqual(
      new Map(states.map((state) => [state.country, numberOf(state)])),
      new Map([
        ['KP', 2],
        ['SY', 1],
      ]),
    );
    const log = [1, 2, 3].map((position, index) => ({ position, event: eventOf(['a/1', 'a/2', 'b/1'][index]) }));
    assert.deepEqual(await store.readAfter(0, 10), log);
    assert.deepEqual(await store.readAfter(1, 1), log.slice(1, 2));
    assert.equal(await store.end(), 3);
    assert.equal(await store.cursor('terminal'), 2);
    assert.deepEqual(rowsOf(await store.history('KP', 'minute', noon, noon + minute)), [[noon, 4]]);
  });

  story('a commit repeated by its lease is a duplicate and changes nothing', async () => {
    await commit({ states: [stateOf('KP', 1)], events: [eventOf('a/1')] });
    await commit({ states: [stateOf('KP', 2)], events: [eventOf('a/2')] });
    for (const repeated of [1, 2]) {
      const again = {
        states: [stateOf('KP', 9)],
        events: [eventOf('x/9')],
        records: [recordOf('KP', 9)],
        health: healthOf(9),
      };
      assert.equal(await store.commit(batch({ version: repeated, ...again })), 'duplicate');
    }
    assert.deepEqual(await store.load(), { version: 2, states: [stateOf('KP', 2)] });
    assert.deepEqual([await store.records(), await store.health()], [[], null]);
    assert.equal(await store.end(), 2);
  });

  const fenced: [name: string, over: () => Partial<Commit> | Promise<Partial<Commit>>][] = [
    ['a version is left out', () => ({ version: version + 2 })],
    ['the epoch is an earlier one', () => ({ lease: { ...lease, epoch: lease.epoch - 1 } })],
    ['the epoch is one never given', () => ({ lease: { ...lease, epoch: lease.epoch + 1 } })],
    ['the epoch is right and the holder another', () => ({ lease: { ...lease, holder: 'you' } })],
    [
      'the lease was released',
      async () => {
        await store.release(lease);
        return {};
      },
    ],
    [
      'another holder has the lease',
      async () => {
        await store.release(lease);
        assert.ok(await store.acquire('you', 60_000));
        return {};
      },
    ],
    [
      'the version was committed under an earlier lease',
      async () => {
        lease = (await store.acquire('me', 60_000))!;
        return { version };
      },
    ],
  ];
  for (const [name, over] of fenced) {
    story(`fenced, and nothing is written: ${name}`, async () => {
      await commit({ states: [stateOf('KP', 1)], events: [eventOf('a/1')], rows: [rowOf('KP', 'minute', noon, 1)] });
      const wrong = batch({
        states: [stateOf('KP', 9)],
        events: [incidentEventOf('KP', 'ipv4', 9, noon)],
        rows: [rowOf('KP', 'minute', noon, 9)],
        records: [recordOf('KP', 9)],
        health: healthOf(9),
        ...(await over()),
      });
      assert.equal(await store.commit(wrong), 'fenced');
      assert.deepEqual(await store.load(), { version: 1, states: [stateOf('KP', 1)] });
      assert.deepEqual([await store.records(), await store.health(), await store.incidents(0, null)], [[], null, []]);
      assert.equal(await store.end(), 1);
      assert.deepEqual(rowsOf(await store.history('KP', 'minute', noon, noon + minute)), [[noon, 1]]);
    });
  }

  story('the lease has one holder at a time, and its epoch grows with each', async () => {
    assert.equal(await store.acquire('you', 60_000), null);
    assert.equal(await store.renew(lease, 60_000), true);
    await store.release({ ...lease, holder: 'you' });
    assert.equal(await store.renew(lease, 60_000), true, 'released by somebody who does not hold it');
    await store.release(lease);
    const yours = await store.acquire('you', 60_000);
    assert.deepEqual(yours, { holder: 'you', epoch: lease.epoch + 1 });
    assert.equal(await store.renew(lease, 60_000), false);
    await store.release(lease);
    assert.equal(await store.renew(yours, 60_000), true, 'released by the holder before');
    const again = await store.acquire('you', 60_000);
    assert.equal(again?.epoch, lease.epoch + 2, 'who forgot its lease gets a new one');
  });

  story('cursors move forward only, each target its own', async () => {
    await store.moveCursor('discord:1', 7);
    await store.moveCursor('discord:1', 5);
    await store.moveCursor('terminal', 0);
    assert.deepEqual(
      [await store.cursor('discord:1'), await store.cursor('terminal'), await store.cursor('discord:2')],
      [7, 0, null],
    );
  });

  story('history keeps every value, and only the rows asked for', async () => {
    const values = [
      [0, 0, 0, 0, 0, 0, 0, 0],
      [0xffffffff, 1, 0xfffffffe, 2, 0x80000000, 0xff, 0xff00, 0],
    ];
    const late = noon + 12 * 3_600_000 - minute;
    const rows = [noon, late, late + minute].flatMap((at) =>
      values.map((eight, index): HistoryRow => ({
        country: ['KP', 'latin-america'][index],
        resolution: 'minute',
        at,
        values: Uint32Array.from(eight),
      })),
    );
    await commit({ rows });
    for (const country of ['KP', 'latin-america']) {
      const written = rows.filter((row) => row.country === country);
      assert.deepEqual(await store.history(country, 'minute', noon, late + minute + 1), written);
      assert.deepEqual(await store.history(country, 'minute', noon + 1, late + minute), written.slice(1, 2));
      assert.deepEqual(await store.history(country, 'bin', noon, late + day), []);
    }
  });

  story('a row of the wrong time or length spoils the whole commit', async () => {
    for (const wrong of [
      rowOf('KP', 'bin', noon + minute, 1),
      { ...rowOf('KP', 'minute', noon, 1), values: new Uint32Array(7) },
    ]) {
      await assert.rejects(
        store.commit(
          batch({
            states: [stateOf('KP', 1)],
            events: [eventOf('a/1')],
            rows: [rowOf('SY', 'minute', noon, 1), wrong],
          }),
        ),
        RangeError,
      );
    }
    assert.deepEqual(await store.load(), { version: 0, states: [] });
    assert.equal(await store.end(), 0);
    assert.deepEqual(await store.history('SY', 'minute', noon, noon + day), []);
    await commit({ states: [stateOf('KP', 1)] });
  });

  story('a row older than the retention is not written', async () => {
    const old = noon - historyRules.minute.keepMs - day;
    await commit({
      rows: [rowOf('KP', 'minute', old, 1), rowOf('KP', 'minute', old + day, 2), rowOf('KP', 'bin', old, 3)],
    });
    assert.deepEqual(rowsOf(await store.history('KP', 'minute', old, noon)), [[old + day, 2]]);
    assert.deepEqual(rowsOf(await store.history('KP', 'bin', old, noon)), [[old, 3]]);
  });

  story('whatever is written in whatever order, the last value of each row is read back', async () => {
    const slots = { minute: 2 * 1440, bin: 3 * 288 };
    const start = noon - 2 * day;
    const model = new Map<string, number>();
    const write = fc.record({
      country: fc.constantFrom('KP', 'SY'),
      resolution: fc.constantFrom<Resolution>('minute', 'bin'),
      slot: fc.nat(),
      length: fc.integer({ min: 1, max: 40 }),
      now: fc.integer({ min: 0, max: 30 }),
    });
    const atOf = (resolution: Resolution, slot: number): number =>
      start + (slot % slots[resolution]) * historyRules[resolution].stepMs;
    await fc.assert(
      fc.asyncProperty(write, fc.nat(), fc.nat(), async ({ country, resolution, slot, length, now }, a, b) => {
        const rows = Array.from({ length }, (_, index) =>
          rowOf(country, resolution, atOf(resolution, slot + index), version * 100 + index),
        );
        for (const { at, values } of rows) model.set(`${country} ${resolution} ${at}`, values[0]);
        // A step back and forth in time, so that some commits fold rows and others do not.
        await commit({ at: start + now * 3_600_000, rows });
        const [from, to] = [atOf(resolution, a), atOf(resolution, b)].sort((x, y) => x - y) as [number, number];
        const expected: [number, number][] = [];
        for (let at = from; at < to; at += historyRules[resolution].stepMs) {
          const value = model.get(`${country} ${resolution} ${at}`);
          if (value !== undefined) expected.push([at, value]);
        }
        assert.deepEqual(rowsOf(await store.history(country, resolution, from, to)), expected);
      }),
      { numRuns: 60, seed: 4271 },
    );
  });

  story('a state from a newer program is refused with a sentence', async () => {
    await commit({ states: [stateOf('KP', 1), stateOf('SY', 1, 99)] });
    await assert.rejects(store.load(), (error: Error) => {
      assert.ok(error instanceof StoreRefusedError);
      assert.equal(
        error.message,
        `The state of SY was written by a newer lightsout (version 99, this one knows up to ${stateVersion}): ` +
          'run that one, or move its data away.',
      );
      return true;
    });
  });
}
