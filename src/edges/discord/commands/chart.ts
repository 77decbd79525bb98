import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { unitsOf, clip } from '../../../core/report/index.js';
import type { Command } from './parts/command.js';
import { conditionOf, flagBefore } from './parts/condition.js';
import { completeCountry, countryOf } from './parts/country-option.js';
import { choiceOf, countryOption, forEveryone } from './parts/definition.js';
import { dated, sightOf, warningOf } from './parts/staleness.js';
import { hourMs } from '../../../core/time.js';
import { families, familyNames } from '../../../core/bgp/index.js';
import { textLimits } from '../messages/text-limits.js';

const ranges = ['6h', '24h', '3d', '7d', '30d'] as const;
const rangeMs = {
  '6h': 6 * hourMs,
  '24h': 24 * hourMs,
  '3d': 72 * hourMs,
  '7d': 168 * hourMs,
  '30d': 720 * hourMs,
} as const;
const rangeNames = { '6h': '6 hours', '24h': '24 hours', '3d': '3 days', '7d': '7 days', '30d': '30 days' } as const;

export const chart: Command = {
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'chart',
    description: 'A picture of how much of a country was visible',
    options: [
      countryOption,
      {
        type: ApplicationCommandOptionType.String,
        name: 'range',
        description: 'How far back; 24 hours if left out',
        choices: ranges.map((value) => ({ name: rangeNames[value], value })),
      },
      {
        type: ApplicationCommandOptionType.String,
        name: 'family',
        description: 'IPv4 or IPv6; both if left out',
        choices: [
          { name: familyNames.ipv4, value: 'ipv4' },
          { name: 'IPv6', value: 'ipv6' },
        ],
      },
    ],
    ...forEveryone,
  },
  ephemeral: false,
  complete: completeCountry,
  async run(input, { reader, directory, charts }) {
    const country = countryOf(input, directory);
    const { now } = input;
    const range = choiceOf(input, 'range', ranges) ?? '24h';
    const family = choiceOf(input, 'family', families);
    const [health, record, drawn] = await Promise.all([
      reader.health(),
      reader.record(country),
      charts.ofCountry(country, rangeMs[range], now, family),
    ]);
    const title = `${flagBefore(country)}${directory.name(country)}, the last ${rangeNames[range]}`;
    const figures = (family === null ? families : [family]).flatMap((each) => {
      const condition = conditionOf(each, record, null);
      if (condition === null) return [];
      const { measured, share } = condition;
      const name = familyNames[each];
      return [`${name} ${unitsOf(each, measured.units, measured.baseline.units, share)} at ${dated(measured.at, now)}`];
    });
    const sentence =
      drawn === null
        ? `${title}: there is nothing to draw. Nothing was measured in that time, or it cannot be read just now.`
        : `${title}${figures.length === 0 ? '' : `: ${figures.join(', ')}`}.`;
    return {
      content: clip([...warningOf(sightOf(health, now)), sentence].join('\n'), textLimits.content),
      ...(drawn !== null && {
        files: [{ name: `${country}-${range}.png`, data: drawn.png, description: drawn.altText }],
      }),
    };
  },
};
