import { families, type Family } from '../bgp/index.js';
import { unitsLost, type CountrySample, type NetworkChange } from '../countries/index.js';
import { openFamilies } from './incident.js';
import type { CountryRecord, FamilyRecord } from './record.js';
import type { StoredState } from './state.js';

const recordLosers = 16;
const recordSurvivors = 8;
const eventLosers = 5;

/** One country at a tick: what was measured, what became of it, and whether each family was judged. */
export interface Measured {
  readonly samples: Readonly<Record<Family, CountrySample>>;
  readonly state: StoredState;
  readonly judged: Readonly<Record<Family, boolean>>;
  /** With less than this share of its baseline a country's networks are remembered, whatever its level. */
  readonly wholeShare: number;
}

/** Whether the networks of a family belong into its record. */
export function needsNetworks({ samples, state, judged, wholeShare }: Measured, family: Family): boolean {
  const { usable, units, baseline } = samples[family];
  if (!usable || !judged[family] || baseline === null) return false;
  return (
    state.detector[family].level !== 'normal' ||
    openFamilies(state.incidents).includes(family) ||
    units < wholeShare * baseline.units
  );
}

/** What was last measured of each country, and while the table is not usable what was measured before. */
export class Records {
  readonly #last = new Map<string, CountryRecord>();

  restore(record: CountryRecord): void {
    this.#last.set(record.country, record);
  }

  /** `changes`: a family's networks, those that lost most first; empty where nobody knows, or asked. */
  renew(measured: Measured, changes: Readonly<Record<Family, readonly NetworkChange[]>>): CountryRecord {
    const { country, label } = measured.samples.ipv4;
    const [ipv4, ipv6] = families.map((family) => {
      if (!measured.samples[family].usable) return this.#last.get(country)?.[family] ?? null;
      return familyRecord(
        measured.samples[family],
        measured.judged[family],
        needsNetworks(measured, family) ? changes[family] : [],
      );
    });
    const record: CountryRecord = { country, label, ipv4, ipv6 };
    this.#last.set(country, record);
    return record;
  }
}

/** Of a usable measure; null for a family that never had anything. */
function familyRecord(sample: CountrySample, judged: boolean, changes: readonly NetworkChange[]): FamilyRecord | null {
  const { at, units, prefixes, baseline, voters, collectors } = sample;
  if (units === 0 && (baseline?.units ?? 0) === 0) return null;
  return {
    at,
    units,
    prefixes,
    voters,
    collectors,
    baseline:
      judged && baseline !== null
        ? { units: baseline.units, prefixes: baseline.prefixes, provisional: baseline.provisional }
        : null,
    networks: networksOfRecord(changes),
  };
}

function networksOfRecord(changes: readonly NetworkChange[]): NetworkChange[] {
  const losers = changes.filter((change) => unitsLost(change) > 0).slice(0, recordLosers);
  const survivors = changes
    .filter((change) => change.now > 0 && !losers.includes(change))
    .sort((a, b) => b.now - a.now || a.asn - b.asn);
  return [...losers, ...survivors.slice(0, recordSurvivors)];
}

/** The networks that an event names. */
export function networksOfEvent(changes: readonly NetworkChange[]): NetworkChange[] {
  return changes.filter((change) => unitsLost(change) > 0).slice(0, eventLosers);
}
