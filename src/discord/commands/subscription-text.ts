import type { CountryDirectory } from '../../countries/index.js';
import { severities, tombstoneMs, type Severity, type Subscription, type UpdateMode } from '../../delivery/index.js';
import { ago, localTime } from './staleness.js';
import { fitting } from './text-limits.js';

export const updateTexts: Readonly<Record<UpdateMode, string>> = {
  all: 'starts, changes, follow-ups and ends',
  'start+end': 'starts, when it gets worse, and ends',
  start: 'starts and when it gets worse; no ends',
};

const severityTexts: Readonly<Record<Severity, string>> = {
  unstable: 'unstable or worse', degraded: 'degraded or worse', major: 'major or down', down: 'down only',
};

/** "major or down". */
export function severityText(severity: Severity): string {
  return severityTexts[severity];
}

/** What a channel is told of, in at most `limit` units: one line for each threshold. */
export function watchedLines({ scope, minSeverity, countries }: Subscription, directory: CountryDirectory, limit: number): string[] {
  const own = [...severities].reverse().flatMap((severity) => {
    const names = Object.keys(countries).filter((code) => countries[code] === severity).map((code) => `${directory.name(code)} (${code})`).sort();
    return names.length === 0 ? [] : [{ severity, names }];
  });
  const share = Math.floor(limit / Math.max(1, own.length)) - 40;
  const lines = own.map(({ severity, names }) => `${fitting(names, ', ', share, (left) => `and ${left} more`)}: ${severityText(severity)}`);
  if (scope === 'listed') return lines.length === 0 ? ['No country: nothing is told'] : lines;
  return [`Every country: ${severityText(minSeverity)}`, ...lines.map((line) => `but ${line}`)];
}

/** All that was chosen, a line each. */
export function describe(subscription: Subscription, directory: CountryDirectory, now: number): string[] {
  const { roleId, updates, quietRecovery } = subscription;
  return [
    ...watchedLines(subscription, directory, 2000).map((line) => `• ${line}`),
    `• Told: ${updateTexts[updates]}`,
    ...(roleId === null ? [] : [`• Mentions <@&${roleId}> at starts and when it gets worse`]),
    ...(quietRecovery ? ['• Ends come without a notification'] : []),
    ...mutesOf(subscription, directory, now).map((line) => `• ${line}`),
  ];
}

/** "Muted: Iran (IR) until ...", in one line; none where nothing is muted. */
export function mutesOf({ mutes }: Subscription, directory: CountryDirectory, now: number): string[] {
  const codes = Object.keys(mutes).filter((code) => mutes[code] > now).sort();
  const texts = codes.map((code) => `${directory.name(code)} (${code}) until ${localTime(mutes[code])}`);
  return texts.length === 0 ? [] : [`Muted: ${fitting(texts, ', ', 300, (left) => `and ${left} more`)}`];
}

/** In a few lines, for a list of many: at most 380 units. */
export function summaryOf(subscription: Subscription, directory: CountryDirectory, trouble: string | null, now: number): string {
  const { channelId, guildId, standing, updates, roleId } = subscription;
  const where = guildId === null ? 'This direct message' : `<#${channelId}>`;
  const mention = roleId === null ? '' : `; mentions <@&${roleId}>`;
  const muted = Object.values(subscription.mutes).filter((until) => until > now).length;
  const mute = muted === 0 ? '' : `; ${muted} muted`;
  const watched = fitting(watchedLines(subscription, directory, 160), '; ', 160, (left) => `and ${left} more`);
  const lines = [`**${where}**: ${watched} · ${updateTexts[updates]}${mention}${mute}`];
  if (standing.kind === 'gone') {
    lines.push(`⚠️ Gone ${ago(standing.at)}: ${standing.reason}. \`/subscribe\` brings it back until ${localTime(standing.at + tombstoneMs)}.`);
  } else if (trouble !== null) lines.push(`⚠️ Not told just now: ${trouble}`);
  return fitting(lines, '\n', 380, () => '⚠️ …');
}
