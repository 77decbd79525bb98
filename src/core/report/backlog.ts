import { countryName, flagOf } from '../countries/index.js';
import { type IncidentEvent, isOver } from '../incidents/index.js';
import { factsOf } from './facts.js';
import { count, moment, plural, span } from './figures.js';
import { renderStatus, renderStatusLine } from './status.js';
import { nationalInternet, oneLine, remains, textLimit } from './text.js';
import { capitalised } from './wording.js';

/** What a channel missed, in one message: it could not be reached for long (Discord was away, or the channel closed). */
export interface Backlog {
  /** At most `textLimit` UTF-16 units, no markup. */
  readonly text: string;
  /** "2 outages going on". */
  readonly title: string;
  /** 0xRRGGBB, of the worst incident that goes on. */
  readonly colour: number;
  /** One for each incident, worst first, those that are over last. */
  readonly lines: readonly string[];
  readonly footer: string;
}

const toldLate = 'Told late: this channel could not be reached.';
const ranks = { down: 0, major: 1, degraded: 2, normal: 3 } as const;

/**
 * `events`: the last event of each incident, oldest first; at least one, and no notice. `at`: when it is told.
 */
export function renderBacklog(events: readonly IncidentEvent[], at: number): Backlog {
  const ongoing = events.filter((event) => !isOver(event)).sort((a, b) => ranks[a.level] - ranks[b.level]);
  const over = events.filter(isOver);
  const sorted = [...ongoing, ...over];
  return {
    text: oneLine(text(ongoing, over, at)),
    title: ongoing.length > 0 ? `${kindsOf(ongoing)} going on` : `${kindsOf(over)}, over now`,
    colour: factsOf(sorted[0]).colour,
    lines: sorted.map((event) => line(event, at)),
    footer: `backlog ${events[0].id} · BGP view`,
  };
}

function text(ongoing: readonly IncidentEvent[], over: readonly IncidentEvent[], at: number): string {
  const ended = over.length === 0 ? '' : ` ${plural(over.length, 'other outage')} came and went.`;
  if (ongoing.length > 1)
    return listed(
      `${kindsOf(ongoing)} are going on, told late as this channel could not be reached: `,
      ongoing,
      ended,
      at,
    );
  if (ongoing.length === 1) return fitting(goesOn(ongoing[0], at).map((clause) => `${clause}.${ended} ${toldLate}`));
  if (over.length === 1) return fitting(wentBy(over[0], at).map((clause) => `${clause}. ${toldLate}`));
  return listed(`${kindsOf(over)} came and went while this channel could not be reached: `, over, '', at);
}

/** The first wording that fits, or the last. */
function fitting(wordings: readonly string[]): string {
  return wordings.find((wording) => wording.length <= textLimit) ?? wordings[wordings.length - 1];
}

/** "4 outages"; "4 disruptions" if one of them is only unstable. */
function kindsOf(events: readonly IncidentEvent[]): string {
  return plural(events.length, events.every(({ incident }) => incident !== null) ? 'outage' : 'disruption');
}

/** Names as many as fit, and says how many more there are. */
function listed(head: string, events: readonly IncidentEvent[], tail: string, at: number): string {
  const items = events.map((event) => `${nameOf(event).name} (${renderStatus(event, at)})`);
  const wording = (shown: number): string => {
    const parts = items.slice(0, shown);
    if (shown < items.length) parts.push(`${count(items.length - shown)} more`);
    const last = parts.pop() ?? '';
    return `${head}${parts.join(', ')}${parts.length > 1 ? ',' : ''}${parts.length > 0 ? ' and ' : ''}${last}.${tail}`;
  };
  let shown = items.length;
  while (shown > 1 && wording(shown).length > textLimit) shown--;
  return wording(shown);
}

/** "North Korea's national Internet has been down since 16:15 UTC on 22 Dec"; the longest wording first. */
function goesOn(event: IncidentEvent, at: number): string[] {
  const subject = subjectOf(event);
  const began = moment(event.since ?? event.at, at);
  if (event.kind === 'unstable') return [`${capitalised(subject)} has been unstable since ${began}`];
  if (event.level !== event.worst) {
    const fell =
      event.worst === 'down' ? 'went down' : `fell into ${event.worst === 'major' ? 'a major' : 'an'} outage`;
    const partly = `${capitalised(subject)} ${fell} at ${began} and is partly back`;
    return [`${partly}: ${remains(event, 'visible')}`, partly];
  }
  if (event.level === 'down') return [`${capitalised(subject)} has been down since ${began}`];
  if (event.level === 'major') return [`${capitalised(subject)} has been in a major outage since ${began}`];
  return [`Part of ${subject} has been dark since ${began}`];
}

/** "Syria's national Internet was down 10:26-14:32 UTC, over now"; the longest wording first. */
function wentBy(event: IncidentEvent, at: number): string[] {
  const subject = subjectOf(event);
  if (event.kind === 'new-normal') {
    const settled = `${capitalised(subject)} has settled`;
    return [
      `${settled}: ${remains(event, 'visible')}, and its outage is closed`,
      `${settled}, and its outage is closed`,
    ];
  }
  const when = event.since === null || event.until === null ? 'for a while' : span(event.since, event.until, at);
  if (event.worst === 'down') return [`${capitalised(subject)} was down ${when}, over now`];
  if (event.worst === 'major') return [`${capitalised(subject)} was in a major outage ${when}, over now`];
  return [`Part of ${subject} was dark ${when}, over now`];
}

/** "🇰🇵 North Korea: down since 16:15 UTC on 22 Dec, all 4 routes withdrawn". */
function line(event: IncidentEvent, at: number): string {
  const flag = event.country === null ? '' : flagOf(event.country);
  return `${flag === '' ? '' : `${flag} `}${nameOf(event).name}: ${renderStatusLine(event, at)}`;
}

const nameOf = (event: IncidentEvent): ReturnType<typeof countryName> =>
  countryName(event.country ?? '', event.label ?? undefined);

function subjectOf(event: IncidentEvent): string {
  const name = nameOf(event);
  return `${name.possessive} ${nationalInternet(event, name)}`;
}
