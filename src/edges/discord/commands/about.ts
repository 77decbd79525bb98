import { ApplicationCommandType, type APIEmbedField } from 'discord.js';
import type { FeedHealth } from '../../../core/incidents/index.js';
import { colours, plural, clip } from '../../../core/report/index.js';
import type { Command } from './parts/command.js';
import { greyColour } from './parts/condition.js';
import { forEveryone } from './parts/definition.js';
import { ago, localTime, sightOf, warningOf } from './parts/staleness.js';
import { textLimits } from '../messages/text-limits.js';

const sees =
  "lightsout listens, through RIPE's route collectors, to the routers of some dozens of networks all over " +
  'the world, and keeps count of how much ' +
  "of every country's address space they still have a route to. When much of it is gone for minutes, it " +
  'says so; when it is back, too.';

const cannotSee = [
  'Only routes are seen, not traffic. Filtering, throttling, switched-off mobile networks and power cuts ' +
    'behind routers that still run do not ' +
    'show: Libya on 3 March 2011, Kazakhstan in January 2022 and Iran in June 2025 were cut off while their ' +
    'routes stayed.',
  'An address counts for the country of the organisation it is registered to, wherever it is used.',
  'What was already down when the watch began is taken for normal.',
]
  .map((line) => `• ${line}`)
  .join('\n');

const sources = [
  'Routes: [RIPE NCC Routing Information Service](https://ris.ripe.net). RIPE NCC does not endorse this project.',
  'Which country holds an address: delegated statistics of the regional Internet registries, by the ' +
    '[NRO](https://www.nro.net), CC BY 4.0, ' +
    'by way of [asn-country](https://github.com/sapics/ip-location-db).',
  "The charts' letters: [DejaVu fonts](https://dejavu-fonts.github.io).",
]
  .map((line) => `• ${line}`)
  .join('\n');

export const about: Command = {
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'about',
    description: 'What lightsout sees and what it cannot, where the data come from, and whether all is well',
    ...forEveryone,
  },
  ephemeral: false,
  async run({ now }, { reader, troubles, inviteLink, version }) {
    const health = await reader.health();
    const sight = sightOf(health, now);
    const wrong = troubles();
    const field = (name: string, value: string): APIEmbedField => ({
      name,
      value: clip(value, textLimits.fieldValue),
      inline: false,
    });
    return {
      embeds: [
        {
          title: 'lightsout: says when a country drops off the Internet',
          color: sight.kind === 'clear' && wrong.length === 0 ? colours.restored : greyColour,
          description: clip([...warningOf(sight), sees].join('\n\n'), textLimits.description),
          fields: [
            field('What it cannot see', cannotSee),
            field('Its sight just now', healthText(health)),
            ...(wrong.length === 0 ? [] : [field('Telling', wrong.map((line) => `⚠️ ${line}`).join('\n'))]),
            field('Where the data come from', sources),
            field('For your server', `[Invite lightsout](${inviteLink()}), then \`/subscribe\`.`),
          ],
          footer: { text: clip(`lightsout ${version} · BGP view`, textLimits.footer) },
        },
      ],
    };
  },
};

const phases: Readonly<Record<FeedHealth['phase'], string>> = {
  loading: 'Loading the routing tables.',
  watching: 'Watching.',
  stopped: 'Stopped.',
};

function healthText(health: FeedHealth | null): string {
  if (health === null) return 'Nothing was ever measured.';
  const { phase, families, collectors, givenUp, impairments, eventTime, watchingSince, at } = health;
  const lines = [
    `${phases[phase]} Last heard of ${ago(at)}.`,
    eventTime === null ? 'No data of this table yet.' : `Data up to ${ago(eventTime)}.`,
    ...(watchingSince === null ? [] : [`This table was loaded ${localTime(watchingSince)}.`]),
    ...(families === null ? [] : [`IPv4 ${families.ipv4.text}.`, `IPv6 ${families.ipv6.text}.`]),
    `${plural(collectors.length, 'collector')}: ` +
      `${collectors.join(', ')}${givenUp.length === 0 ? '' : `; without ${givenUp.join(', ')}`}.`,
    ...impairments
      .filter(({ toldAt }) => toldAt !== null)
      .map(({ text, since }) => `⚠️ Degraded since ${localTime(since)}: ${text}.`),
  ];
  return lines.join('\n');
}
