import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { unknownValue, type HistoryRow } from '../../../core/countries/index.js';
import { historyRules, type IncidentEvent } from '../../../core/incidents/index.js';
import { colours, elapsed, lengthOf, moment, plural, span } from '../../../core/report/index.js';
import type { Command } from './parts/command.js';
import { flagBefore, greyColour, lowestText } from './parts/condition.js';
import { completeCountry, countryOf } from './parts/country-option.js';
import { countryOption, forEveryone, numberOf } from './parts/definition.js';
import { sightOf, warningOf } from './parts/staleness.js';
import { dayMs, hourMs } from '../../../core/time.js';
import { fitting, textLimits } from '../messages/text-limits.js';

const mostDays = 90;
const defaultDays = 30;
/** A gap at the beginning that is no news. */
const graceMs = 2 * hourMs;
const { stepMs, keepMs } = historyRules.bin;

export const history: Command = {
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'history',
    description: "A country's past outages: when, how long, how deep",
    options: [
      countryOption,
      {
        type: ApplicationCommandOptionType.Integer,
        name: 'days',
        description: `How many days back; ${defaultDays} if left out`,
        min_value: 1,
        max_value: mostDays,
      },
    ],
    ...forEveryone,
  },
  ephemeral: false,
  complete: completeCountry,
  async run(input, { reader, directory }) {
    const country = countryOf(input, directory);
    const { now } = input;
    const days = Math.min(mostDays, Math.max(1, Math.round(numberOf(input, 'days') ?? defaultDays)));
    const from = now - days * dayMs;
    const [events, bins, health] = await Promise.all([
      reader.incidents(from, country),
      reader.history(country, 'bin', Math.max(from, now - keepMs), now),
      reader.health(),
    ]);
    const sight = sightOf(health, now);
    const watched = watchedText(bins, events, from, now);
    const warnings = [...warningOf(sight), ...watched];
    const entries = [...events].sort((a, b) => startOf(b) - startOf(a)).map((event) => entryOf(event, now));
    const nothing = bins.some(isMeasured) ? 'None in what was watched.' : 'None is known.';
    const head = warnings.length === 0 ? '' : `${warnings.join('\n')}\n\n`;
    const list = fitting(
      entries.length === 0 ? [nothing] : entries,
      '\n',
      textLimits.description - head.length,
      (left) => `and ${left} earlier`,
    );
    const isSure = warnings.length === 0;
    const found = entries.length === 0 && !isSure ? 'no outages known of' : plural(entries.length, 'outage');
    return {
      embeds: [
        {
          title: `${flagBefore(country)}${directory.name(country)}: ${found} in ${plural(days, 'day')}`,
          color: entries.length > 0 ? colours.unstable : isSure ? colours.restored : greyColour,
          description: `${head}${list}`,
          footer: { text: 'BGP view · times in UTC · depth: the lowest share of its address space that was visible' },
        },
      ],
    };
  },
};

function startOf(event: IncidentEvent): number {
  return event.since ?? event.at;
}

function entryOf(event: IncidentEvent, now: number): string {
  const from = startOf(event);
  const family = event.family === 'ipv6' ? 'IPv6 ' : '';
  const worst = `${family}${event.worst === 'major' ? 'major outage' : event.worst}, ${lowestText(event.lowest)}`;
  switch (event.kind) {
    case 'restored': {
      const to = event.until ?? event.at;
      return `• **${span(from, to, now)}** (${lengthOf(from, to)}): ${worst}`;
    }
    case 'new-normal':
      return (
        `• **${span(from, event.at, now)}** (${lengthOf(from, event.at)}): ${worst}; what was left became its ` +
        'new normal'
      );
    default:
      return `• **since ${moment(from, now)}** (${lengthOf(from, now)}, going on): ${worst}`;
  }
}

/** What the list cannot know: before the watch began, and while nobody watched. */
function watchedText(
  bins: readonly HistoryRow[],
  events: readonly IncidentEvent[],
  from: number,
  now: number,
): string[] {
  const measured = bins.filter(isMeasured);
  const first = measured.at(0)?.at;
  if (first === undefined) return ['⚠️ Nothing was measured in this time, so an empty list would mean nothing.'];
  const began = Math.min(first, ...events.map(startOf));
  const texts: string[] = [];
  const reach = Math.max(from, now - keepMs);
  if (began > reach + graceMs)
    texts.push(`⚠️ The history goes back to ${moment(began, now)} only (${elapsed(now - began)}).`);
  else if (from < now - keepMs - dayMs) {
    const kept = `Measurements are kept for ${Math.round(keepMs / dayMs)} days`;
    texts.push(`${kept}; before that, what was told is remembered, but not whether it was watched all the time.`);
  }
  const expected = Math.floor((now - first) / stepMs);
  const missingMs = (expected - measured.length) * stepMs;
  if (measured.length < 0.95 * expected) {
    texts.push(`⚠️ Nothing was measured for ${elapsed(missingMs)} of it: an outage then may be missing.`);
  }
  return texts;
}

function isMeasured({ values }: HistoryRow): boolean {
  return values[0] !== unknownValue || values[4] !== unknownValue;
}
