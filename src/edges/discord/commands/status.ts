import { ApplicationCommandType, type APIEmbed, type APIEmbedField } from 'discord.js';
import { countryName } from '../../../core/countries/index.js';
import type { CountryRecord } from '../../../core/incidents/index.js';
import { countryLinks, moment, plural, unitsOf, clip } from '../../../core/report/index.js';
import type { Command } from './parts/command.js';
import type { CommandMessage } from './parts/command-message.js';
import {
  colourOf,
  conditionOf,
  flagBefore,
  greyColour,
  lowestText,
  mainOf,
  sentenceOf,
  type Condition,
} from './parts/condition.js';
import { completeCountry, countryOf } from './parts/country-option.js';
import { countryOption, forEveryone } from './parts/definition.js';
import { lostMostFields } from './parts/networks.js';
import { ago, dated, freshMs, localTime, sees, sightOf, warningOf, type Sight } from './parts/staleness.js';
import { dayMs } from '../../../core/time.js';
import { familyNames } from '../../../core/bgp/index.js';
import { textLimits } from '../messages/text-limits.js';

export const status: Command = {
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'status',
    description: "How much of a country's Internet is visible now, and since when",
    options: [countryOption],
    ...forEveryone,
  },
  ephemeral: false,
  complete: completeCountry,
  async run(input, { reader, directory, charts }) {
    const country = countryOf(input, directory);
    const { now } = input;
    const [health, record, states] = await Promise.all([reader.health(), reader.record(country), reader.states()]);
    const sight = sightOf(health, now);
    const state = states.find((each) => each.country === country) ?? null;
    const conditions = (['ipv4', 'ipv6'] as const).flatMap((family) => conditionOf(family, record, state) ?? []);
    const name = directory.name(country);
    const main = mainOf(conditions);
    if (main === null) return notJudged(country, name, record, sight);
    const chart = await charts.ofCountry(country, dayMs, now, null);
    const { content, embed } = answer({ country, name, record, main, conditions, sight, now });
    if (chart === null) return { content, embeds: [embed] };
    const file = `${country}-24h.png`;
    return {
      content,
      embeds: [{ ...embed, image: { url: `attachment://${file}` } }],
      files: [{ name: file, data: chart.png, description: chart.altText }],
    };
  },
};

interface Known {
  readonly country: string;
  readonly name: string;
  readonly record: CountryRecord | null;
  readonly main: Condition;
  readonly conditions: readonly Condition[];
  readonly sight: Sight;
  readonly now: number;
}

function answer({ country, name, record, main, conditions, sight, now }: Known): { content: string; embed: APIEmbed } {
  const { at } = main.measured;
  // A measure that is old is not the present, whatever the rest of the table says.
  const isPresent = ({ family, measured }: Condition): boolean => sees(sight, family) && now - measured.at <= freshMs;
  const isNow = isPresent(main);
  const label = record?.label ?? null;
  const lines = [
    ...warningOf(sight),
    ...conditions
      .filter((each) => (each === main || isNow) && !isPresent(each) && !isAsOldAs(sight, each))
      .map((each) => {
        const whose =
          each === main ? name : `${countryName(country, label ?? undefined).possessive} ${familyNames[each.family]}`;
        return `⚠️ ${whose} was last measured at ${dated(each.measured.at, now)}.`;
      }),
    ...conditions
      .filter((each) => each === main || each.word !== 'normal')
      .map((each) => `${flagBefore(country)}${sentenceOf(country, label, each, now, isPresent(each))}`),
  ];
  const title = `${name}: ${main.family === 'ipv6' ? 'IPv6 ' : ''}${main.word}`;
  return {
    content: clip(lines.join('\n'), textLimits.content),
    embed: {
      title: clip(isNow ? title : `${title} at ${moment(at, now)}, now not known`, textLimits.title),
      color: isNow ? colourOf(main) : greyColour,
      description: countryLinks(country, now - dayMs, now)
        .map(({ label, url }) => `[${label}](${url})`)
        .join(' · '),
      fields: fieldsOf(main, conditions, (each) => isNow && !isPresent(each)),
      footer: { text: 'BGP view: routes, not traffic' },
    },
  };
}

/** Whether the warning has already said from when this is. */
function isAsOldAs(sight: Sight, { measured }: Condition): boolean {
  return sight.kind === 'blind' && sight.asOf !== null && Math.abs(sight.asOf - measured.at) <= freshMs;
}

/** `isOlder`: than the title says. */
function fieldsOf(
  main: Condition,
  conditions: readonly Condition[],
  isOlder: (condition: Condition) => boolean,
): APIEmbedField[] {
  const fields: APIEmbedField[] = [];
  const field = (name: string, value: string, inline = true): void =>
    void fields.push({ name, value: clip(value, textLimits.fieldValue), inline });
  for (const each of conditions) {
    const { family, measured, share, word } = each;
    const routes =
      measured.baseline.prefixes > 0 ? `, ${measured.prefixes} of ${plural(measured.baseline.prefixes, 'route')}` : '';
    const age = isOlder(each) ? ` (${ago(measured.at)})` : '';
    field(
      familyNames[family],
      `${word}: ${unitsOf(family, measured.units, measured.baseline.units, share)}${routes}${age}`,
    );
  }
  if (conditions.every(({ family }) => family !== 'ipv6')) field('IPv6', 'not judged: there is none, or too little');
  if (conditions.every(({ family }) => family !== 'ipv4')) field('IPv4', 'not judged: there is none, or too little');
  if (main.since !== null) field(main.word === 'normal' ? 'Normal since' : 'Since', localTime(main.since));
  for (const { family, open } of conditions) {
    if (open === null) continue;
    const worst = open.worst === 'major' ? 'major outage' : open.worst;
    const began = family === main.family && open.since === main.since ? '' : `since ${localTime(open.since)}; `;
    field(family === 'ipv4' ? 'Outage' : 'IPv6 outage', `${began}worst: ${worst}, ${lowestText(open.lowest)}`);
  }
  if (conditions.some(({ measured }) => measured.baseline.provisional))
    field('Baseline', 'provisional: under 24 hrs of data');
  const { voters, collectors, at } = main.measured;
  if (voters > 0) field('Seen from', `${plural(voters, 'network')}, ${plural(collectors, 'collector')}`);
  field('Data from', ago(at));
  fields.push(...lostMostFields(conditions));
  return fields;
}

/** Not fine and not bad: what has no routes cannot be seen, and what was not measured is not known. */
function notJudged(country: string, name: string, record: CountryRecord | null, sight: Sight): CommandMessage {
  const isMeasured = record !== null && (record.ipv4 !== null || record.ipv6 !== null);
  const why = isMeasured
    ? `${name} is not judged yet: there is no baseline to compare with.`
    : sight.kind === 'blind'
      ? `Nothing is known of ${name}.`
      : `${name} is not judged: no route to address space of its own was ever seen here. So lightsout cannot ` +
        'tell whether it is online.';
  return {
    content: clip([...warningOf(sight), `${flagBefore(country)}${why}`].join('\n'), textLimits.content),
    embeds: [{ title: clip(`${name}: not judged`, textLimits.title), color: greyColour }],
  };
}
