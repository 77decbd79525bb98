import { countryName, type CountryName } from '../countries/index.js';
import type { IncidentEvent } from '../incidents/index.js';
import { combinedWordings } from './combined.js';
import { count, elapsed, lengthBeforeNoun, moment, ordinal, percent, plural, span } from './figures.js';
import { capitalised, clip } from './wording.js';
import { familyNames } from '../bgp/index.js';

/** What a message may hold, in UTF-16 units: a tweet's length. */
export const messageLimit = 280;
/** What the sentence leaves free of it: a flag with its space (5) and a role mention with its space (24). */
export const textLimit = messageLimit - 5 - 24;

/**
 * From this share on a country is told as whole. A sentence is made of its event alone, so this follows no setting of
 * rules.json.
 */
export const wholeShare = 0.95;

/**
 * The sentence of an event: plain English, no markup, at most `textLimit` UTF-16 units, made of the event's own facts
 * and nothing else.
 */
export function renderText(event: IncidentEvent): string {
  if (event.countries.length > 0) {
    const wordings = combinedWordings(event);
    return oneLine(wordings.find((wording) => wording.length <= textLimit) ?? wordings[wordings.length - 1]);
  }
  if (event.country === null) return oneLine(event.notice ?? event.reason);
  const name = countryName(event.country, event.label ?? undefined);
  let text = capitalised(sentence(event, name));
  for (const wordings of [provisionalClauses(event), otherClauses(event)]) {
    const clause = wordings.find((wording) => text.length + 1 + wording.length <= textLimit);
    if (clause !== undefined) text += ` ${clause}`;
  }
  return oneLine(text);
}

function sentence(event: IncidentEvent, name: CountryName): string {
  switch (event.kind) {
    case 'opened':
      return `${afterInstability(event)}${onset(event, name)}: ${remains(event, 'left')}.`;
    case 'escalated':
      return `${afterInstability(event)}${escalation(event, name)}.`;
    case 'down-again':
      return (
        `${onset(event, name, ' again')}${event.relapses > 0 ? `, its ${ordinal(event.relapses)} relapse` : ''}: ` +
        `${remains(event, 'left')}.`
      );
    case 'follow-up':
      return `${followUp(event, name)}.`;
    case 'partially-restored':
      return `${name.possessive} ${internet(event)} is partly back${afterOutage(event)}: ${remains(event, 'visible')}.`;
    case 'restored': {
      const howFar = event.share < wholeShare ? ` to ${percent(event.visible, event.share)}` : '';
      return `${name.possessive} ${internet(event)} is back${howFar}${afterOutage(event)}.`;
    }
    case 'new-normal':
      return (
        `${name.possessive} ${internet(event)} has settled: ${remains(event, 'visible')}. That is its new ` +
        'baseline, and this outage is closed.'
      );
    case 'unstable': {
      const now =
        event.basePrefixes > 0 ? `, ${count(event.prefixes)} of ${count(event.basePrefixes)} visible now` : '';
      return (
        `${name.possessive} ${nationalInternet(event, name)} has been unstable since ` +
        `${moment(since(event), event.at)}: its routes keep coming and going${now}.`
      );
    }
    case 'notice':
      return event.notice ?? event.reason;
  }
}

/** "North Korea's national Internet went down at 16:15 UTC". */
function onset(event: IncidentEvent, name: CountryName, again = ''): string {
  const subject = `${name.possessive} ${nationalInternet(event, name)}`;
  const when = `${again} at ${moment(since(event), event.at)}`;
  if (event.level === 'down') return `${subject} went down${when}`;
  if (event.level === 'major') return `a major outage hit ${subject}${when}`;
  return `part of ${subject} went dark${when}`;
}

function escalation(event: IncidentEvent, name: CountryName): string {
  const outage = `${name.possessive} ${event.family === 'ipv6' ? 'IPv6 ' : ''}outage deepened`;
  const when = `at ${moment(since(event), event.at)}`;
  if (event.level === 'down') {
    return `${outage}: its ${nationalInternet(event, name)} went down ${when}, with ${remains(event, 'left')}`;
  }
  return `${outage}${event.level === 'major' ? ' into a major one' : ''} ${when}: ${remains(event, 'left')}`;
}

function followUp(event: IncidentEvent, name: CountryName): string {
  const subject = `${name.possessive} ${nationalInternet(event, name)}`;
  const began = moment(since(event), event.at);
  const dated = began.includes(' on ');
  const lasted = `more than ${elapsed(event.at - since(event))}`;
  const duration = `for ${lasted}${dated ? ` (since ${began})` : ''}`;
  if (event.level !== event.worst) {
    const fell = event.worst === 'down' ? 'went down' : 'fell into an outage';
    return (
      `${lasted} after ${subject} ${fell}${dated ? ` (at ${began})` : ''}, it is partly back: ` +
      remains(event, 'visible')
    );
  }
  if (event.level === 'down') {
    const left = event.visible > 0 || event.prefixes > 0 ? `: ${remains(event, 'left')}` : '';
    return `${subject} has been down ${event.hard ? 'hard ' : ''}${duration}${left}`;
  }
  if (event.level === 'major') return `${subject} has been in a major outage ${duration}: ${remains(event, 'left')}`;
  return `part of ${subject} has been dark ${duration}: ${remains(event, 'left')}`;
}

/** What is there of what was: "all 4 routes withdrawn", "41 of 84 routes left (12 % of its address space)". */
export function remains(
  event: Pick<IncidentEvent, 'prefixes' | 'basePrefixes' | 'visible' | 'share'>,
  word: 'left' | 'visible',
): string {
  const { prefixes, basePrefixes, visible, share } = event;
  const space = `${percent(visible, share)} of its address space`;
  if (basePrefixes === 0) return visible === 0 ? 'no route to its address space' : `${space} ${word}`;
  if (visible === 0 && prefixes === 0) {
    if (basePrefixes === 1) return 'its only route withdrawn';
    return basePrefixes === 2 ? 'both routes withdrawn' : `all ${plural(basePrefixes, 'route')} withdrawn`;
  }
  // More routes than before are no measure of what is left (an aggregate fell apart), nor is a count that was never
  // taken.
  if (prefixes > basePrefixes) return `${space} ${word}`;
  return `${count(prefixes)} of ${plural(basePrefixes, 'route')} ${word} (${space})`;
}

function afterInstability(event: IncidentEvent): string {
  if (event.instability === null) return '';
  return (
    `after ${plural(event.instability.hours, 'hr')} of ` +
    `${event.instability.increasing ? 'increasing ' : ''}instability, `
  );
}

/** " after a 9 hr 31 min outage (16:15-01:46 UTC)". */
function afterOutage(event: IncidentEvent): string {
  if (event.since === null || event.until === null) return '';
  const outage = event.worst === 'down' ? 'outage' : event.worst === 'major' ? 'major outage' : 'partial outage';
  return ` after ${lengthBeforeNoun(event.since, event.until)} ${outage} (${span(event.since, event.until, event.at)})`;
}

/** Wordings, longest first; none where there is nothing to say. */
function provisionalClauses(event: IncidentEvent): string[] {
  return event.provisional ? ['Baseline provisional: under 24 hrs of data.', 'Baseline provisional.'] : [];
}

/** The other family's line; at the all-clear only where that family is not back as well. */
function otherClauses(event: IncidentEvent): string[] {
  const { other } = event;
  if (other === null || event.kind === 'unstable' || event.kind === 'new-normal') return [];
  const family = familyNames[other.family];
  const still = event.kind === 'restored' && other.level !== 'normal' ? ' still' : '';
  if (other.level === 'down') {
    const left = other.visible > 0 ? ` (${percent(other.visible, other.share)} left)` : '';
    return [`${family} is${still} down${event.level === 'down' ? ' too' : ''}${left}.`];
  }
  if (event.kind === 'restored' && other.level === 'normal' && other.share >= wholeShare) return [];
  return [`${family} is${still} at ${percent(other.visible, other.share)}.`];
}

/** "Internet" or "IPv6 Internet". */
function internet(event: IncidentEvent): string {
  return event.family === 'ipv6' ? 'IPv6 Internet' : 'Internet';
}

/** "national Internet" for a state's IPv4, which stands for the whole. */
export function nationalInternet(event: IncidentEvent, name: CountryName): string {
  return event.family !== 'ipv6' && name.national ? 'national Internet' : internet(event);
}

function since(event: IncidentEvent): number {
  return event.since ?? event.at;
}

/** One line of at most `textLimit` units. */
export function oneLine(text: string): string {
  return clip(text.replace(/\s+/g, ' ').trim(), textLimit);
}
