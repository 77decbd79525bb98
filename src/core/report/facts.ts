import { countryCodes, countryName } from '../countries/index.js';
import { type IncidentEvent, isOver } from '../incidents/index.js';
import { combinedLines, combinedTitle } from './combined.js';
import { count, elapsed, percent, plural } from './figures.js';
import { hourMs, minuteMs } from '../time.js';
import { familyNames, type Family, unitNames } from '../bgp/index.js';

/** A short fact beside the sentence. A time is left to the reader's own clock and format. */
export type Fact =
  | { readonly kind: 'text'; readonly name: string; readonly value: string; readonly inline: boolean }
  | { readonly kind: 'time'; readonly name: string; readonly at: IncidentEvent['at']; readonly inline: boolean };

export interface CountryLink {
  readonly label: string;
  readonly url: string;
}

/** What a message shows beside its sentence: plain data. Facts that an event has not are absent. */
export interface MessageFacts {
  /** "North Korea: down". */
  readonly title: string;
  /** 0xRRGGBB. */
  readonly colour: number;
  readonly fields: readonly Fact[];
  /** Where to get a second opinion on the country, or the AS that several lost; empty for groups and notices. */
  readonly links: readonly CountryLink[];
  /** Begins with the event's id: what was sent is found again by it. */
  readonly footer: string;
}

/** By level, 0xRRGGBB. */
export const colours = {
  down: 0xda373c,
  major: 0xe67e22,
  degraded: 0xf0b232,
  unstable: 0x5865f2,
  restored: 0x23a55a,
} as const;
/** Lines of a field, which holds 1024 characters (Discord's documentation, Embed Limits). */
const mostCountries = 12;

/** The facts of an event's message. */
export function factsOf(event: IncidentEvent): MessageFacts {
  return {
    title: title(event),
    colour: colour(event),
    fields: event.country === null && event.countries.length === 0 ? [] : fields(event),
    links: links(event),
    footer: footerText(event.id),
  };
}

/** Begins with the id of the event that a message tells. */
export function footerText(id: string): string {
  return `${id} · BGP view`;
}

function title(event: IncidentEvent): string {
  if (event.countries.length > 0) return combinedTitle(event);
  if (event.country === null) return 'Operator notice';
  return (
    `${countryName(event.country, event.label ?? undefined).name}: ` +
    `${event.family === 'ipv6' ? 'IPv6 ' : ''}${condition(event)}`
  );
}

function condition(event: IncidentEvent): string {
  const level = event.level === 'major' ? 'major outage' : event.level;
  switch (event.kind) {
    case 'opened':
    case 'escalated':
      return level;
    case 'follow-up':
      return `still ${event.level === 'major' ? 'in a major outage' : level}`;
    case 'down-again':
      return `${level} again`;
    case 'partially-restored':
      return 'partly restored';
    case 'new-normal':
      return 'new normal';
    case 'restored':
    case 'unstable':
    case 'notice':
      return event.kind;
  }
}

function colour(event: IncidentEvent): number {
  if (isOver(event)) return colours.restored;
  if (event.kind === 'unstable' || event.kind === 'notice') return colours.unstable;
  return event.level === 'normal' ? colours.restored : colours[event.level];
}

function fields(event: IncidentEvent): Fact[] {
  const facts: Fact[] = [];
  const text = (name: string, value: string, inline = true): void => {
    if (value !== '') facts.push({ kind: 'text', name, value, inline });
  };
  const visibility = (
    of: { family: IncidentEvent['family']; visible: number; baseline: number; share: number },
    routes: string,
  ): void => {
    if (of.family === null || of.baseline <= 0) return;
    text(familyNames[of.family], `${unitsOf(of.family, of.visible, of.baseline, of.share)}${routes}`);
  };
  if (event.countries.length > 0) text('Countries', combinedLines(event, mostCountries), false);
  visibility(
    event,
    event.basePrefixes > 0 ? `, ${count(event.prefixes)} of ${plural(event.basePrefixes, 'route')}` : '',
  );
  if (event.other !== null) visibility(event.other, '');
  if (event.provisional) text('Baseline', 'provisional: under 24 hrs of data');
  if (event.since !== null) facts.push({ kind: 'time', name: 'Since', at: event.since, inline: true });
  text('Shape', shapeOf(event));
  if (event.until !== null) facts.push({ kind: 'time', name: 'Until', at: event.until, inline: true });
  if (event.voters > 0)
    text('Seen from', `${plural(event.voters, 'network')}, ${plural(event.collectors, 'collector')}`);
  text('Networks that lost most', networksText(event.family, event.networks), false);
  text('Why', event.reason, false);
  return facts;
}

const shapedKinds: readonly IncidentEvent['kind'][] = ['opened', 'escalated', 'follow-up', 'down-again'];

/** How the fall came: all at once, or network after network. */
function shapeOf({ kind, onset, since }: IncidentEvent): string {
  if (!shapedKinds.includes(kind) || onset === null || since === null || onset > since) return '';
  const took = since - onset;
  if (took < 5 * minuteMs) return 'instant';
  return `${took <= hourMs ? 'sequential' : 'staggered'}, over ${elapsed(took)}`;
}

/** "AS24389: 64 → 0 /24s", a line for each of at most 5; '' where none is known. */
export function networksText(family: IncidentEvent['family'], networks: IncidentEvent['networks']): string {
  const unit = unitNames[family ?? 'ipv4'];
  return networks
    .slice(0, 5)
    .map(({ asn, before, now }) => `AS${asn}: ${count(before)} → ${count(now)} ${unit}`)
    .join('\n');
}

/** "41 of 84 /24s (49 %)". */
export function unitsOf(family: Family, visible: number, baseline: number, share: number): string {
  return `${count(visible)} of ${count(baseline)} ${unitNames[family]} (${percent(visible, share)})`;
}

function links(event: IncidentEvent): CountryLink[] {
  if (event.asn !== null)
    return [{ label: `RIPEstat: AS${event.asn}`, url: `https://stat.ripe.net/resource/AS${event.asn}` }];
  // Half a day before it began, up to the event and an hour on.
  return event.country === null
    ? []
    : countryLinks(event.country, (event.since ?? event.at) - 12 * hourMs, event.at + hourMs);
}

/** Where to get a second opinion on a country between two times; none for groups. */
export function countryLinks(country: string, from: IncidentEvent['at'], until: IncidentEvent['at']): CountryLink[] {
  if (!countryCodes.includes(country)) return [];
  // IODA takes Unix seconds.
  const hours = `from=${Math.floor(from / 1000)}&until=${Math.floor(until / 1000)}`;
  return [
    { label: 'RIPEstat', url: `https://stat.ripe.net/resource/${country}` },
    { label: 'IODA', url: `https://ioda.inetintel.cc.gatech.edu/country/${country}?${hours}` },
    { label: 'Cloudflare Radar', url: `https://radar.cloudflare.com/${country.toLowerCase()}` },
  ];
}
