import type { CountryDirectory } from '../../../../core/countries/index.js';
import { severities, tombstoneMs, type Severity, type Subscription, type UpdateMode } from '../../../delivery/index.js';
import { ago, localTime } from './staleness.js';
import { clip } from '../../../../core/report/index.js';
import { fitting } from '../../messages/text-limits.js';

/** What a threshold's line needs beside the names of its countries. */
const thresholdRoom = 40;
/** Room for "249 countries". */
const leastNames = 16;
/** Ten of them fit into an embed's description. */
const summaryLimit = 380;

export const updateTexts: Readonly<Record<UpdateMode, string>> = {
  all: 'starts, changes, follow-ups and ends',
  'start+end': 'starts, when it gets worse, and ends',
  start: 'starts and when it gets worse; no ends',
};

const severityTexts: Readonly<Record<Severity, string>> = {
  unstable: 'unstable or worse',
  degraded: 'degraded or worse',
  major: 'major or down',
  down: 'down only',
};

/** "major or down". */
export function severityText(severity: Severity): string {
  return severityTexts[severity];
}

/** What a channel is told of, in at most `limit` units: one line for each threshold. */
function watchedLines(
  { scope, minSeverity, countries }: Subscription,
  directory: CountryDirectory,
  limit: number,
): string[] {
  const own = [...severities].reverse().flatMap((severity) => {
    const names = Object.keys(countries)
      .filter((code) => countries[code] === severity)
      .map((code) => `${directory.name(code)} (${code})`)
      .sort();
    return names.length === 0 ? [] : [{ severity, names }];
  });
  const share = Math.max(leastNames, Math.floor(limit / Math.max(1, own.length)) - thresholdRoom);
  const lines = own.map(({ severity, names }) => {
    const more = (left: number): string =>
      left === names.length ? `${left} ${left === 1 ? 'country' : 'countries'}` : `and ${left} more`;
    return `${fitting(names, ', ', share, more)}: ${severityText(severity)}`;
  });
  if (scope === 'listed') return lines.length === 0 ? ['No country: nothing is told'] : lines;
  return [`Every country: ${severityText(minSeverity)}`, ...lines.map((line) => `but ${line}`)];
}

/** All that was chosen, a line each, in about `limit` units: where it is much, fewer countries are named. */
export function describe(
  subscription: Subscription,
  directory: CountryDirectory,
  now: number,
  limit: number,
): string[] {
  const { roleId, updates, quietRecovery } = subscription;
  const chosen = [
    `• Told: ${updateTexts[updates]}`,
    ...(roleId === null ? [] : [`• Mentions <@&${roleId}> at starts and when it gets worse`]),
    ...(quietRecovery ? ['• Ends come without a notification'] : []),
    ...mutesOf(subscription, directory, now).map((line) => `• ${line}`),
  ];
  const left = limit - chosen.join('\n').length - thresholdRoom;
  return [...watchedLines(subscription, directory, left).map((line) => `• ${line}`), ...chosen];
}

/** "Muted: Iran (IR) until ...", in one line; none where nothing is muted. */
function mutesOf({ mutes }: Subscription, directory: CountryDirectory, now: number): string[] {
  const codes = Object.keys(mutes)
    .filter((code) => mutes[code] > now)
    .sort();
  const texts = codes.map((code) => `${directory.name(code)} (${code}) until ${localTime(mutes[code])}`);
  return texts.length === 0 ? [] : [`Muted: ${fitting(texts, ', ', 300, (left) => `and ${left} more`)}`];
}

/** In a few lines, for a list of many: at most 380 units. What is wrong comes before what is watched. */
export function summaryOf(
  subscription: Subscription,
  directory: CountryDirectory,
  trouble: string | null,
  now: number,
): string {
  const { channelId, guildId, standing, updates, roleId } = subscription;
  const where = guildId === null ? 'This direct message' : `<#${channelId}>`;
  const mention = roleId === null ? '' : `; mentions <@&${roleId}>`;
  const muted = Object.values(subscription.mutes).filter((until) => until > now).length;
  const mute = muted === 0 ? '' : `; ${muted} muted`;
  const wrong =
    standing.kind === 'gone'
      ? `\n⚠️ Gone ${ago(standing.at)}: ${clip(standing.reason, 80)}. Its settings are kept until ` +
        `${localTime(standing.at + tombstoneMs)}.`
      : trouble === null
        ? ''
        : `\n⚠️ Not told just now: ${clip(trouble, 160)}`;
  const rest = ` · ${updateTexts[updates]}${mention}${mute}${wrong}`;
  const room = Math.min(160, summaryLimit - `**${where}**: `.length - rest.length);
  const watched = fitting(
    watchedLines(subscription, directory, room),
    '; ',
    room,
    (left) => `and ${left} more thresholds`,
  );
  return `**${where}**: ${watched}${rest}`;
}
