import { countryName, flagOf, type CountryName } from '../../../../core/countries/index.js';
import {
  type CountryRecord,
  type FamilyRecord,
  type IncidentEvent,
  type StoredState,
  shareOf,
} from '../../../../core/incidents/index.js';
import { colours, moment, percent, remains, capitalised, wholeShare } from '../../../../core/report/index.js';
import type { UnixMillis } from '../../../../core/time.js';
import type { Family } from '../../../../core/bgp/index.js';

type Word = 'normal' | 'below its usual' | 'recovering' | 'unstable' | 'degraded' | 'major outage' | 'down';

/** Nothing can be said, so neither good nor bad. */
export const greyColour = 0x80848e;

const wordRanks: Readonly<Record<Word, number>> = {
  normal: 0,
  'below its usual': 1,
  recovering: 2,
  unstable: 3,
  degraded: 4,
  'major outage': 5,
  down: 6,
};

/** What is the matter with a family of a country, as last judged. */
export interface Condition {
  readonly family: Family;
  readonly word: Word;
  /** Since when it is so; null: it never was anything else, or nobody knows. */
  readonly since: UnixMillis | null;
  /** The incident that goes on. */
  readonly open: { readonly since: UnixMillis; readonly worst: IncidentEvent['worst']; readonly lowest: number } | null;
  readonly measured: FamilyRecord & { readonly baseline: NonNullable<FamilyRecord['baseline']> };
  /** Visible of the baseline, capped at 1. */
  readonly share: number;
}

/** null: not judged, for nothing was ever there, or not for long enough. */
export function conditionOf(family: Family, record: CountryRecord | null, state: StoredState | null): Condition | null {
  const measured = record?.[family] ?? null;
  if (measured === null || measured.baseline === null) return null;
  const share = shareOf(measured.units, measured.baseline.units);
  const incident = state?.incidents[family];
  const open =
    incident?.kind === 'open'
      ? { since: incident.since, worst: incident.worst, lowest: Math.min(incident.lowest, share) }
      : null;
  const { word, since } = wordOf(state?.detector[family], open, share);
  return { family, word, since, open, measured: { ...measured, baseline: measured.baseline }, share };
}

function wordOf(
  detector: StoredState['detector'][Family] | undefined,
  open: Condition['open'],
  share: number,
): Pick<Condition, 'word' | 'since'> {
  if (detector !== undefined && detector.level !== 'normal') {
    return { word: detector.level === 'major' ? 'major outage' : detector.level, since: detector.since };
  }
  if (open !== null) return { word: 'recovering', since: detector?.since ?? null };
  if (detector?.instability.unstable === true)
    return { word: 'unstable', since: detector.instability.run?.start ?? null };
  return { word: share < wholeShare ? 'below its usual' : 'normal', since: detector?.since ?? null };
}

/** The family to speak of first: IPv4 stands for the whole, unless IPv6 alone is worse off. */
export function mainOf(conditions: readonly Condition[]): Condition | null {
  const ranked = [...conditions].sort((a, b) => wordRanks[b.word] - wordRanks[a.word]);
  return (
    conditions.find(({ family, word }) => family === 'ipv4' && wordRanks[word] >= wordRanks.degraded) ??
    ranked.at(0) ??
    null
  );
}

/** By what is worse; green is for what is known to be whole. */
export function colourOf({ word }: Condition): number {
  switch (word) {
    case 'down':
    case 'degraded':
    case 'unstable':
      return colours[word];
    case 'major outage':
      return colours.major;
    case 'recovering':
    case 'below its usual':
      return colours.degraded;
    case 'normal':
      return colours.restored;
  }
}

/** The condition in a sentence, in the words of the alerts. `isNow` false: it is spoken of as past. */
export function sentenceOf(
  country: string,
  label: string | null,
  condition: Condition,
  now: UnixMillis,
  isNow: boolean,
): string {
  const name = countryName(country, label ?? undefined);
  const { word, since, measured, share } = condition;
  const parts = {
    prefixes: measured.prefixes,
    basePrefixes: measured.baseline.prefixes,
    visible: measured.units,
    share,
  };
  const subject = `${name.possessive} ${internet(condition.family, name)}`;
  const from = since === null ? '' : ` since ${moment(since, now)}`;
  switch (word) {
    case 'down':
      return capitalised(`${subject} ${isNow ? 'has been' : 'had been'} down${from}: ${remains(parts, 'left')}.`);
    case 'major outage':
      return capitalised(
        `${subject} ${isNow ? 'has been' : 'had been'} in a major outage${from}: ${remains(parts, 'left')}.`,
      );
    case 'degraded':
      return `Part of ${subject} ${isNow ? 'has been' : 'had been'} dark${from}: ${remains(parts, 'left')}.`;
    case 'recovering':
      return capitalised(
        `${subject} ${isNow ? 'is' : 'was'} coming back: ${remains(parts, 'visible')}. Its outage ` +
          `${isNow ? 'is' : 'was'} not yet over.`,
      );
    case 'unstable':
      return capitalised(
        `${subject} ${isNow ? 'has been' : 'had been'} unstable${from}: its routes keep coming and going; ` +
          `${remains(parts, 'visible')}.`,
      );
    case 'below its usual':
      return capitalised(
        `${subject} ${isNow ? 'is' : 'was'} below its usual, but in no outage: ${remains(parts, 'visible')}.`,
      );
    case 'normal':
      return capitalised(
        `${subject} ${isNow ? 'looks' : 'looked'} normal from the outside: ${remains(parts, 'visible')}.`,
      );
  }
}

function internet(family: Family, { national }: CountryName): string {
  if (family === 'ipv6') return 'IPv6 Internet';
  return national ? 'national Internet' : 'Internet';
}

/** "🇰🇵 " before a country's name; '' for a group. */
export function flagBefore(country: string): string {
  const flag = flagOf(country);
  return flag === '' ? '' : `${flag} `;
}

/** "lowest 12 %". */
export function lowestText(lowest: number): string {
  return `lowest ${percent(lowest > 0 ? 1 : 0, lowest)}`;
}
