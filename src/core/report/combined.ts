import { countryName } from '../countries/index.js';
import { singlesOf, type EventCountry, type IncidentEvent } from '../incidents/index.js';
import { minuteMs } from '../time.js';
import { count, elapsed, moment, percent, plural } from './figures.js';

/** The words of a combined event, which tells of several countries. */

const levelNames = { down: 'down', major: 'major outage', degraded: 'degraded', normal: 'normal' } as const;

/** The sentence in several wordings; the first names the most countries. */
export function combinedWordings(event: IncidentEvent): string[] {
  const names = event.countries.map((country) => nameOf(country).name);
  return names.map((_, index) => sentence(event, listed(names, names.length - index)));
}

function sentence(event: IncidentEvent, names: string): string {
  const when = moment(event.since ?? event.at, event.at);
  if (event.asn !== null)
    return (
      `${lost(event)} through AS${event.asn} at ${when}: ${names}. That network had half or more of what each ` +
      'of them lost.'
    );
  const sinces = event.countries.map(({ since }) => since ?? event.at);
  const took = Math.ceil((Math.max(...sinces) - Math.min(...sinces)) / minuteMs);
  const within = took === 0 ? 'at' : `within ${plural(took, 'minute')} from`;
  const held = elapsed(event.at - Math.max(...sinces));
  return (
    `${lost(event)} ${within} ${when}: ${names}. So many at once can be a fault of our view as well; it has ` +
    `lasted for ${held}.`
  );
}

/** "9 countries lost much of their Internet". */
function lost({ countries }: IncidentEvent): string {
  const many = `${count(countries.length)} countries`;
  const internet = countries.every(({ family }) => family === 'ipv6') ? 'IPv6 Internet' : 'Internet';
  const every = (...levels: readonly EventCountry['level'][]): boolean =>
    countries.every(({ level }) => levels.includes(level));
  if (every('down')) return `The ${internet} of ${many} went down`;
  return `${many} lost ${every('down', 'major') ? 'most' : every('degraded') ? 'part' : 'much'} of their ${internet}`;
}

/** "Syria, Lebanon, Jordan and 6 others". */
function listed(names: readonly string[], shown: number): string {
  const parts = names.slice(0, shown);
  const others = names.length - shown;
  const last = others > 0 ? plural(others, 'other') : (parts.pop() ?? '');
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

/** "9 countries at once". */
export function combinedTitle({ countries }: IncidentEvent): string {
  return `${count(countries.length)} countries at once`;
}

/** A line for each of the first `most` countries: "Syria: down, 0 % left, 0 of 84 routes". */
export function combinedLines(event: IncidentEvent, most: number): string {
  const lines = singlesOf(event)
    .slice(0, most)
    .map((single) => {
      const { family, level, visible, share, prefixes, basePrefixes } = single;
      const routes = basePrefixes > 0 ? `, ${count(prefixes)} of ${plural(basePrefixes, 'route')}` : '';
      return (
        `${nameOf(single).name}: ${family === 'ipv6' ? 'IPv6 ' : ''}${levelNames[level]}, ` +
        `${percent(visible, share)} left${routes}`
      );
    });
  const others = event.countries.length - lines.length;
  return [...lines, ...(others > 0 ? [`and ${plural(others, 'other')}`] : [])].join('\n');
}

function nameOf({ country, label }: Pick<EventCountry, 'country' | 'label'>): ReturnType<typeof countryName> {
  return countryName(country ?? '', label ?? undefined);
}
