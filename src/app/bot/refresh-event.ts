import { minuteMs } from '../../core/time.js';
import {
  shareOf,
  type CountryRecord,
  type FamilyRecord,
  type IncidentEvent,
  type OtherFamily,
  type StateReader,
} from '../../core/incidents/index.js';

/** An older measurement does not count as the present one. */
const staleMs = 3 * minuteMs;
/** Networks that one message names. */
const mostNetworks = 5;

/** An event with its country's present numbers; null if they are the same, or not known. */
export async function refreshEvent(
  event: IncidentEvent,
  reader: Pick<StateReader, 'record'>,
  now: number,
): Promise<IncidentEvent | null> {
  if (event.country === null || event.family === null) return null;
  const record = await reader.record(event.country);
  const measured = record?.[event.family] ?? null;
  if (record === null || measured === null || measured.at <= event.at || now - measured.at > staleMs) return null;
  const other = otherOf(event.other, record);
  const same =
    measured.units === event.visible && measured.prefixes === event.prefixes && other?.visible === event.other?.visible;
  if (same) return null;
  return {
    ...event,
    other,
    visible: measured.units,
    share: shareOf(measured.units, event.baseline),
    prefixes: measured.prefixes,
    networks: measured.networks.filter(({ before, now: left }) => left < before).slice(0, mostNetworks),
  };
}

function otherOf(other: OtherFamily | null, record: CountryRecord): OtherFamily | null {
  const measured: FamilyRecord | null = other === null ? null : record[other.family];
  if (other === null || measured === null) return other;
  return { ...other, visible: measured.units, share: shareOf(measured.units, other.baseline) };
}
