import { flagOf } from '../countries/index.js';
import type { IncidentEvent } from '../incidents/index.js';
import { renderText } from './text.js';
import { utcMinute } from '../time.js';

/** One line for a terminal: "2014-12-22 16:17 UTC 🇰🇵 North Korea's national Internet went down ...". */
export function renderLine(event: IncidentEvent): string {
  return [utcMinute(event.at), event.country === null ? '' : flagOf(event.country), renderText(event)]
    .filter((part) => part !== '')
    .join(' ');
}

/**
 * One line of a replay's transcript: time, country, family, level, share | reason | text; "-" where an event has none,
 * "*" for a combined event. A part of one says so in its reason.
 */
export function renderTranscriptLine(event: IncidentEvent): string {
  const time = new Date(event.at).toISOString().replace('.000Z', 'Z');
  const judged = event.country !== null || event.countries.length > 0;
  const columns = [
    time,
    event.country ?? (judged ? '*' : '-'),
    event.family ?? '-',
    (judged ? event.level : '-').padEnd('degraded'.length),
    judged ? event.share.toFixed(4) : '-',
  ];
  const part = event.partOf === null ? '' : ` (told by ${event.partOf})`;
  return `${columns.join('  ')} | ${event.reason.replace(/\s+/g, ' ')}${part} | ${renderText(event)}`;
}

/**
 * One line of JSON for programs: the keys in this order, times ISO 8601 UTC, the share as the event has it. `countries`
 * and `asn` only of a combined event, `partOf` only of its parts.
 */
export function renderJsonLine(event: IncidentEvent): string {
  return JSON.stringify({
    id: event.id,
    incident: event.incident,
    country: event.country,
    family: event.family,
    kind: event.kind,
    state: event.level,
    since: isoTime(event.since),
    onset: isoTime(event.onset),
    at: isoTime(event.at),
    visible: event.visible,
    baseline: event.baseline,
    share: event.share,
    unstable: event.unstable,
    ...(event.countries.length > 0 && { countries: event.countries.map(({ country }) => country), asn: event.asn }),
    ...(event.partOf !== null && { partOf: event.partOf }),
    text: renderText(event),
  });
}

function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
