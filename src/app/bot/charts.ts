import { chartAltText, historyChart, renderChart, renderPng, type History } from '../../edges/chart/index.js';
import { countryName } from '../../core/countries/index.js';
import type { Charts, DrawnChart } from '../../edges/discord/index.js';
import {
  historyRules,
  type CountryRecord,
  type FamilyRecord,
  type HistoryReader,
  type IncidentEvent,
  type StateReader,
  isOver,
} from '../../core/incidents/index.js';
import type { Logger } from '../../edges/observability/index.js';
import { capitalised, moment, renderStatusLine } from '../../core/report/index.js';
import { dayMs, minuteMs } from '../../core/time.js';
import { createSharedPromises } from './shared-promises.js';
import { familyNames } from '../../core/bgp/index.js';

export interface ChartsOptions {
  readonly reader: HistoryReader & StateReader;
  readonly logger: Logger;
}

type ChartFamily = History['families'][number];

const source = 'RIPE RIS';
const eventRangeMs = dayMs;
/** Records are written each minute. */
const staleMs = 5 * minuteMs;
/** Charts of a few outages at once, 40 KB each. */
const mostKept = 64;

/** Charts of the stored history. A failure to draw one is logged, and its message is posted without a chart. */
export function createCharts({ reader, logger }: ChartsOptions): Charts {
  const shared = createSharedPromises<DrawnChart>(mostKept);

  const drawEvent = async (event: IncidentEvent, revision: number, at: number): Promise<DrawnChart | null> => {
    const { country } = event;
    if (country === null) return null;
    const to = revision === 0 ? event.at : Math.max(event.at, at);
    const from = to - eventRangeMs;
    const [rows, record, incidents] = await Promise.all([
      rowsOf(reader, country, from, to),
      reader.record(country),
      reader.incidents(from, country),
    ]);
    const known =
      revision === 0 ? incidents.filter(({ incident }) => incident !== event.incident).concat(event) : incidents;
    return draw({
      title: countryName(country, event.label ?? undefined).name,
      subtitle: capitalised(renderStatusLine(event, to)),
      source,
      from,
      to,
      ...rows,
      families: familiesOfEvent(event, record, to),
      outages: outagesOf(known, null, to),
    });
  };

  const drawCountry = async (
    country: string,
    ms: number,
    now: number,
    family: 'ipv4' | 'ipv6' | null,
  ): Promise<DrawnChart | null> => {
    const from = now - ms;
    const [rows, record, incidents] = await Promise.all([
      rowsOf(reader, country, from, now),
      reader.record(country),
      reader.incidents(from, country),
    ]);
    if (record === null) return null;
    const families = familiesOf(record, now).filter((one) => family === null || one.family === family);
    return draw({
      title: countryName(country, record.label ?? undefined).name,
      subtitle: subtitleOf(
        incidents.filter((event) => family === null || event.family === family),
        families,
        now,
      ),
      source,
      from,
      to: now,
      ...rows,
      families,
      outages: outagesOf(incidents, family, now),
    });
  };

  const orNone = (draw: Promise<DrawnChart | null>, what: string): Promise<DrawnChart | null> =>
    draw.catch((error: unknown) => {
      logger.error({ err: error }, `the chart of ${what} could not be drawn`);
      return null;
    });

  return {
    ofEvent: (event, revision, at) =>
      shared(`${event.id} ${revision}`, () => orNone(drawEvent(event, revision, at), event.id)),
    ofCountry: (country, ms, now, family) => orNone(drawCountry(country, ms, now, family), country),
  };
}

function draw(history: History): DrawnChart | null {
  const input = historyChart(history);
  return input === null ? null : { png: renderPng(renderChart(input)), altText: chartAltText(input) };
}

/** The outage that goes on, and which family was not measured lately: for that one nothing can be said. */
function subtitleOf(incidents: readonly IncidentEvent[], families: readonly ChartFamily[], now: number): string {
  const ongoing = incidents.find((event) => !isOver(event));
  const parts = ongoing === undefined ? [] : [capitalised(renderStatusLine(ongoing, now))];
  const stale = families.filter(({ latest }) => latest === null || latest.at <= now - staleMs);
  const fresh = families.filter((family) => !stale.includes(family));
  if (stale.length === 0) return parts[0] ?? 'No outage is going on';
  const measuredAt = Math.max(...stale.map(({ latest }) => latest?.at ?? -Infinity));
  const not = Number.isFinite(measuredAt) ? `not measured since ${moment(measuredAt, now)}` : 'not measured of late';
  if (fresh.length === 0) return [...parts, capitalised(not)].join(' · ');
  const nothing = ongoing === undefined ? [`No outage of ${familyNames[fresh[0].family]} is going on`] : [];
  return [...parts, ...nothing, `${familyNames[stale[0].family]} ${not}`].join(' · ');
}

/** Only the rows that the chart will use: minutes as far back as they are kept, and bins. */
async function rowsOf(
  reader: HistoryReader,
  country: string,
  from: number,
  to: number,
): Promise<Pick<History, 'minutes' | 'bins'>> {
  const isLong = to - from > historyRules.minute.keepMs;
  const [minutes, bins] = await Promise.all([
    isLong ? [] : reader.history(country, 'minute', from, to + 1),
    reader.history(country, 'bin', from, to + 1),
  ]);
  return { minutes, bins };
}

/** The families of an event, by its own numbers: the stored rows are a minute late. */
function familiesOfEvent(event: IncidentEvent, record: CountryRecord | null, to: number): ChartFamily[] {
  const measured = [event, event.other].flatMap((of): ChartFamily[] =>
    of === null || of.family === null || of.baseline <= 0
      ? []
      : [{ family: of.family, baseline: of.baseline, latest: { at: event.at, units: of.visible } }],
  );
  const others =
    record === null ? [] : familiesOf(record, to).filter(({ family }) => measured.every((of) => of.family !== family));
  return [...measured, ...others].sort((a, b) => a.family.localeCompare(b.family));
}

function familiesOf(record: CountryRecord, to: number): ChartFamily[] {
  const of = (family: ChartFamily['family'], measured: FamilyRecord | null): ChartFamily[] => {
    if (measured === null || measured.baseline === null) return [];
    const latest = measured.at <= to ? { at: measured.at, units: measured.units } : null;
    return [{ family, baseline: measured.baseline.units, latest }];
  };
  return [...of('ipv4', record.ipv4), ...of('ipv6', record.ipv6)];
}

/** A band for each incident, by its last event; one that ended after the chart's right edge still lasts in it. */
function outagesOf(events: readonly IncidentEvent[], family: IncidentEvent['family'], to: number): History['outages'] {
  return events
    .filter((event) => event.incident !== null && (family === null || event.family === family))
    .map((event) => {
      const until = isOver(event) ? (event.until ?? event.at) : null;
      return { from: event.since ?? event.at, to: until !== null && until <= to ? until : null };
    });
}
