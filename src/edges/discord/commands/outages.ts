import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { countryName } from '../../../core/countries/index.js';
import {
  type CountryRecord,
  type FeedHealth,
  type IncidentEvent,
  type StoredState,
  isOver,
} from '../../../core/incidents/index.js';
import { colours, lengthOf, moment, percent, plural, span, clip } from '../../../core/report/index.js';
import { CommandProblem, type Command, type CommandDeps, type CommandInput } from './parts/command.js';
import type { CommandMessage } from './parts/command-message.js';
import { conditionOf, flagBefore, greyColour, lowestText } from './parts/condition.js';
import { choiceOf, forEveryone } from './parts/definition.js';
import { oldButton, pageButtons, pageOf, pageText, turnedTo } from './parts/pages.js';
import { dated, sightOf, warningOf, type Sight } from './parts/staleness.js';
import { dayMs } from '../../../core/time.js';
import { textLimits } from '../messages/text-limits.js';

const periods = ['ongoing', '24h', '7d'] as const;
type Period = (typeof periods)[number];
const periodMs: Readonly<Record<Period, number>> = { ongoing: 0, '24h': dayMs, '7d': 7 * dayMs };
const periodText: Readonly<Record<Period, string>> = {
  ongoing: 'now',
  '24h': 'in the last 24 hours',
  '7d': 'in the last 7 days',
};
const severityRank: Readonly<Record<IncidentEvent['level'], number>> = { down: 3, major: 2, degraded: 1, normal: 0 };

export const outages: Command = {
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'outages',
    description: 'Which countries are dark now, or were lately, worst first',
    options: [
      {
        type: ApplicationCommandOptionType.String,
        name: 'state',
        description: 'Those that go on (as if left out), or all of the last 24 hours or 7 days',
        choices: [
          { name: 'ongoing', value: 'ongoing' },
          { name: 'last 24 hours', value: '24h' },
          { name: 'last 7 days', value: '7d' },
        ],
      },
    ],
    ...forEveryone,
  },
  ephemeral: false,
  run: (input, deps) => answer(choiceOf(input, 'state', periods) ?? 'ongoing', 1, input, deps),
  press(customId, input, deps) {
    const { middle, page } = turnedTo(customId);
    const period = periods.find((each) => each === middle);
    if (period === undefined) throw new CommandProblem(oldButton);
    return answer(period, page, input, deps);
  },
};

interface Outage {
  readonly event: IncidentEvent;
  /** The worst of an outage that is over, the present one of one that is not. */
  readonly level: IncidentEvent['level'];
  readonly from: number;
  /** null: it goes on. */
  readonly to: number | null;
  readonly text: string;
}

async function answer(
  period: Period,
  page: number,
  { now }: CommandInput,
  { reader }: CommandDeps,
): Promise<CommandMessage> {
  const [events, records, states, health] = await Promise.all([
    reader.incidents(now - periodMs[period], null),
    reader.records(),
    reader.states(),
    reader.health(),
  ]);
  const sight = sightOf(health, now);
  const warnings = [...warningOf(sight), ...unbrokenText(period, health, now)];
  const found = events
    .map((event) => outageOf(event, records, states, now))
    .filter(({ to }) => period !== 'ongoing' || to === null);
  const ranked = found.sort(
    (a, b) => severityRank[b.level] - severityRank[a.level] || lengthMs(b, now) - lengthMs(a, now),
  );
  if (ranked.length === 0) return nothing(period, records, sight, warnings, now);
  const shown = pageOf(ranked, page);
  const worst = ranked[0];
  return {
    embeds: [
      {
        title:
          `${plural(ranked.length, 'outage')} ` +
          `${periodText[period]}${sight.kind === 'blind' ? ', as far as known' : ''}`,
        color: sight.kind === 'blind' ? greyColour : worst.level === 'normal' ? colours.degraded : colours[worst.level],
        description: clip([...warnings, ...shown.rows.map(({ text }) => text)].join('\n'), textLimits.description),
        footer: {
          text: [pageText(shown), 'BGP view', ...asOfText(sight, now)].filter((part) => part !== '').join(' · '),
        },
      },
    ],
    components: pageButtons(`outages:${period}`, shown),
  };
}

function outageOf(
  event: IncidentEvent,
  records: readonly CountryRecord[],
  states: readonly StoredState[],
  now: number,
): Outage {
  const country = event.country ?? '';
  const family = event.family ?? 'ipv4';
  const { name } = countryName(country, event.label ?? undefined);
  const place = `${flagBefore(country)}**${name}**${family === 'ipv6' ? ' (IPv6)' : ''}`;
  const to = endOf(event);
  if (to !== null) {
    const from = event.since ?? event.at;
    const text =
      `${place}: ${words(event.worst)} ${span(from, to, now)} (${lengthOf(from, to)}), ` + lowestText(event.lowest);
    return {
      event,
      level: event.worst,
      from,
      to,
      text: event.kind === 'new-normal' ? `${text}; never came back as it was` : text,
    };
  }
  // What the event says may be hours old; the record is from the last minute.
  const state = states.find((each) => each.country === country) ?? null;
  const condition = conditionOf(family, records.find((each) => each.country === country) ?? null, state);
  const level = state?.detector[family].level ?? event.level;
  const from = condition?.open?.since ?? event.since ?? event.at;
  const share = condition?.share ?? event.share;
  const left =
    `${percent(condition?.measured.units ?? event.visible, share)} visible, ` +
    lowestText(Math.min(condition?.open?.lowest ?? event.lowest, share));
  const what = words(level === 'normal' ? event.worst : level);
  const back = level === 'normal' ? 'coming back, ' : '';
  return {
    event,
    level,
    from,
    to,
    text: `${place}: ${what} since ${moment(from, now)} (${lengthOf(from, now)}), ${back}${left}`,
  };
}

/** When the outage of an incident's last event was over; null: it goes on. */
function endOf(event: IncidentEvent): number | null {
  return isOver(event) ? (event.until ?? event.at) : null;
}

function lengthMs({ from, to }: Outage, now: number): number {
  return (to ?? now) - from;
}

function words(level: IncidentEvent['level']): string {
  return level === 'major' ? 'major outage' : level === 'degraded' ? 'partly dark' : level;
}

/** Nothing found is good news only where somebody looked. */
function nothing(
  period: Period,
  records: readonly CountryRecord[],
  sight: Sight,
  warnings: readonly string[],
  now: number,
): CommandMessage {
  const judged = records.filter((record) =>
    (['ipv4', 'ipv6'] as const).some((family) => (record[family]?.baseline ?? null) !== null),
  ).length;
  if (sight.kind === 'blind' || judged === 0) {
    const which = period === 'ongoing' ? 'that went on' : 'of that time';
    const last =
      sight.asOf === null ? '' : ` When it last looked, at ${dated(sight.asOf, now)}, it knew of none ${which}.`;
    const lines = [...warnings, `lightsout does not know whether any country is in an outage.${last}`];
    return {
      embeds: [{ title: `Outages ${periodText[period]}: not known`, color: greyColour, description: lines.join('\n') }],
    };
  }
  const isWhole = warnings.length === 0;
  const none = `No country ${period === 'ongoing' ? 'is' : 'was'} in an outage ${periodText[period]}`;
  const lines = [
    ...warnings,
    `${none}${isWhole ? '' : ', as far as can be seen'}: ${plural(judged, 'place')} judged, as of ` +
      `${dated(sight.asOf, now)}.`,
    'Only routes are seen: filtering, throttling and power cuts behind them do not show.',
  ];
  return {
    embeds: [
      {
        title: `No outages ${periodText[period]}`,
        color: isWhole ? colours.restored : greyColour,
        description: lines.join('\n'),
        footer: { text: 'BGP view' },
      },
    ],
  };
}

/** A table that is younger than the period was loaded anew in it: what began and ended before that may be missing. */
function unbrokenText(period: Period, health: FeedHealth | null, now: number): string[] {
  const since = health?.watchingSince ?? null;
  if (period === 'ongoing' || since === null || since <= now - periodMs[period]) return [];
  return [`⚠️ Watched without a break only since ${dated(since, now)}: an outage just before that may be missing.`];
}

function asOfText(sight: Sight, now: number): string[] {
  return sight.asOf === null ? [] : [`as of ${moment(sight.asOf, now)}`];
}
