import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { createCharts } from '../../../src/app/bot/charts.js';
import { createSharedPromises } from '../../../src/app/bot/shared-promises.js';
import type { Charts } from '../../../src/edges/discord/index.js';
import { unknownValue, type HistoryRow } from '../../../src/core/countries/index.js';
import {
  type CountryRecord,
  type HistoryReader,
  type IncidentEvent,
  type StateReader,
} from '../../../src/core/incidents/index.js';
import { createLogger } from '../../../src/edges/observability/index.js';
import { incidentEvent } from '../../support/delivery/incident-event.js';
import { decodePng, inkIn } from '../../support/png.js';

const minute = 60_000;
const hour = 60 * minute;
const event = incidentEvent();
const { at, since } = event as { at: number; since: number };

/** North Korea's day: normal until the event's onset, then dark. */
class Reader implements HistoryReader, StateReader {
  reads: string[] = [];
  failure: Error | null = null;
  events: IncidentEvent[] = [event];

  history(country: string, resolution: HistoryRow['resolution'], from: number, to: number): Promise<HistoryRow[]> {
    this.reads.push(`${country} ${resolution} ${(to - from) / hour}`);
    if (this.failure !== null) return Promise.reject(this.failure);
    const step = resolution === 'minute' ? minute : 5 * minute;
    const rows: HistoryRow[] = [];
    for (let time = Math.ceil(from / step) * step; time < Math.min(to, since + hour); time += step) {
      const values = new Uint32Array(8).fill(unknownValue);
      values[0] = time < since ? 4 : 0;
      rows.push({ country, resolution, at: time, values });
    }
    return Promise.resolve(rows);
  }

  record(): Promise<CountryRecord | null> {
    const ipv4 = {
      at: since,
      units: 0,
      prefixes: 0,
      baseline: { units: 4, prefixes: 4, provisional: false },
      voters: 41,
      collectors: 9,
      networks: [],
    };
    return Promise.resolve({ country: 'KP', label: null, ipv4, ipv6: null });
  }

  incidents = (): Promise<IncidentEvent[]> => Promise.resolve(this.events);
  states = (): Promise<never[]> => Promise.resolve([]);
  records = (): Promise<never[]> => Promise.resolve([]);
  health = (): Promise<null> => Promise.resolve(null);
}

let reader: Reader;
let charts: Charts;
let lines: string[];
describe('charts', () => {
  beforeEach(() => {
    [reader, lines] = [new Reader(), []];
    charts = createCharts({
      reader,
      logger: createLogger({
        level: 'info',
        pretty: false,
        secrets: [],
        destination: { write: (line) => void lines.push(line) },
      }),
    });
  });

  test('the picture of an event: its words, the line at 100 % before and at 0 % since, the band', async () => {
    const chart = (await charts.ofEvent(event, 0, at))!;
    const picture = decodePng(chart.png);
    assert.deepEqual([picture.width, picture.height], [1100, 520]);
    assert.ok(inkIn(picture, 40, 20, 700, 70) > 1500, 'title');
    assert.ok(inkIn(picture, 40, 78, 700, 105) > 1500, 'subtitle');
    const isLine = (x: number, y: number): boolean => picture.pixel(x, y).join() === [0x5a, 0xa9, 0xff, 255].join();
    assert.ok(isLine(300, 154), '100 % long before');
    assert.match(
      chart.altText,
      new RegExp(
        /^Line chart, 21–22 Dec 2014 \(UTC\): North Korea\. Down since 16:15 UTC, all 4 routes withdrawn\. /.source +
          /IPv4: 100 % of the baseline at first, lowest 0 % at 22 Dec 16:15, 0 % at last\. /.source +
          /Outages: 22 Dec 16:15 to now, still lasting\.$/.source,
      ),
    );
  });

  test('the event itself is the last point if the rows do not reach it yet', async () => {
    reader.events = [];
    const early = incidentEvent({ at: since - 8.5 * minute, since: since - 10 * minute });
    assert.match(
      (await charts.ofEvent(early, 0, at))!.altText,
      /100 % of the baseline at first, lowest 0 % at 22 Dec 16:06, 0 % at last.*Outages: 22 Dec 16:05 to now/,
    );
  });

  test(
    'what ended later lasts in the picture of the time before; ' + 'the picture of the end has the whole outage',
    async () => {
      const end = incidentEvent({
        id: `${event.incident}/3`,
        kind: 'restored',
        level: 'normal',
        until: at + 9 * hour,
        at: at + 10 * hour,
        visible: 4,
        share: 1,
      });
      reader.events = [end];
      assert.match((await charts.ofEvent(event, 0, at))!.altText, /Outages: 22 Dec 16:15 to now/);
      assert.match((await charts.ofEvent(event, 1, at + hour))!.altText, /Outages: 22 Dec 16:15 to now/);
      assert.match(
        (await charts.ofEvent(end, 0, end.at))!.altText,
        /Down 16:15-01:17 UTC, over now.*100 % at last\. Outages: 22 Dec 16:15 to 23 Dec 01:17\.$/,
      );
    },
  );

  describe('a picture is drawn once', () => {
    test('for an event and its revision, however many ask at once', async () => {
      const all = await Promise.all(Array.from({ length: 40 }, () => charts.ofEvent(event, 0, at)));
      assert.equal(new Set(all).size, 1);
      assert.equal(reader.reads.length, 2);
      assert.notEqual(await charts.ofEvent(event, 1, at + hour), all[0]);
      assert.equal(reader.reads.length, 4);
    });

    test('and not kept for ever', async () => {
      const shared = createSharedPromises<number>(64);
      let drawings = 0;
      const ask = (key: number): Promise<number | null> => shared(String(key), () => Promise.resolve(++drawings));
      for (let key = 0; key < 64; key++) await ask(key);
      assert.equal(await ask(0), 1);
      await ask(64);
      assert.deepEqual([await ask(64), await ask(0)], [65, 66]);
    });

    test('but asked for again if it could not be read and the message went without it', async () => {
      reader.failure = new Error('the store is away');
      assert.equal(await charts.ofEvent(event, 0, at), null);
      assert.match(lines.join(), /"level":50.*KP-ipv4-1419265020000\/1 could not be drawn/);
      reader.failure = null;
      assert.notEqual(await charts.ofEvent(event, 0, at), null);
    });
  });

  describe('a country', () => {
    test('is drawn by minutes up to two days, by bins beyond', async () => {
      await charts.ofCountry('KP', 24 * hour, at, null);
      await charts.ofCountry('KP', 7 * 24 * hour, at, null);
      assert.deepEqual(
        reader.reads.map((read) => read.split(' ')[1]),
        ['minute', 'bin', 'bin'],
      );
    });

    test(
      'says what goes on, of a quiet one that nothing does, and of ' + 'one not measured of late that nobody knows',
      async () => {
        const said = async (now: number): Promise<string | undefined> =>
          (await charts.ofCountry('KP', 24 * hour, now, 'ipv4'))?.altText;
        assert.match((await said(at))!, /North Korea\. Down since 16:15 UTC, all 4 routes withdrawn\. IPv4/);
        assert.match(
          (await said(at + hour))!,
          /Down since 16:15 UTC, all 4 routes withdrawn · Not measured since 16:15 UTC\. IPv4/,
        );
        reader.events = [];
        assert.match((await said(at))!, /North Korea\. No outage is going on\. IPv4/);
        assert.match((await said(at + hour))!, /North Korea\. Not measured since 16:15 UTC\. IPv4/);
      },
    );

    test('does not call a day quiet if one family was not measured', async () => {
      reader.events = [];
      const quiet = {
        at: since,
        units: 4,
        prefixes: 4,
        baseline: { units: 4, prefixes: 4, provisional: false },
        voters: 41,
        collectors: 9,
        networks: [],
      };
      reader.record = () =>
        Promise.resolve({ country: 'KP', label: null, ipv4: { ...quiet, at: since - hour }, ipv6: quiet });
      const chart = await charts.ofCountry('KP', 24 * hour, at, null);
      assert.match(chart!.altText, /North Korea\. No outage of IPv6 is going on · IPv4 not measured since 15:15 UTC\./);
    });

    test('has no picture of a family that is not judged; a notice has none at all', async () => {
      assert.equal(await charts.ofCountry('KP', 24 * hour, at, 'ipv6'), null);
      assert.equal(
        await charts.ofEvent(incidentEvent({ country: null, family: null, incident: null, kind: 'notice' }), 0, at),
        null,
      );
    });
  });
});
