import { ApplicationCommandOptionType, ApplicationCommandType, PermissionFlagsBits } from 'discord.js';
import {
  newSubscription,
  severities,
  tombstoneMs,
  updateModes,
  type Severity,
  type Subscription,
} from '../../delivery/index.js';
import { CommandProblem, type CommandInput } from './parts/command.js';
import { booleanOf, channelOption, choiceOf, severityOption, textOf } from './parts/definition.js';
import { forManagers } from './parts/for-managers.js';
import { describe, updateTexts } from './parts/subscription-text.js';
import { assertMayPost, warningsFor, type Target } from './parts/target-channel.js';
import { completeWanted, wantedCountries, type Wanted } from './parts/wanted-countries.js';
import { clip } from '../../../core/report/index.js';
import { textLimits } from '../messages/text-limits.js';

export const subscribe = forManagers({
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'subscribe',
    description: 'Alerts in a channel; given again, it changes only what you give',
    options: [
      channelOption,
      {
        type: ApplicationCommandOptionType.String,
        name: 'countries',
        description: 'Names, codes or regions, such as: KP, Syria, Middle East; or all (as if left out)',
        autocomplete: true,
        max_length: 1000,
      },
      severityOption,
      {
        type: ApplicationCommandOptionType.Role,
        name: 'mention',
        description: 'A role to ping when it begins and when it gets worse',
      },
      { type: ApplicationCommandOptionType.Boolean, name: 'no-mention', description: 'Ping nobody any more' },
      {
        type: ApplicationCommandOptionType.String,
        name: 'updates',
        description: 'How much to be told of an outage; all if left out',
        choices: updateModes.map((value) => ({ name: `${value}: ${updateTexts[value]}`, value })),
      },
      {
        type: ApplicationCommandOptionType.Boolean,
        name: 'quiet-recovery',
        description: 'Whether ends come without a notification',
      },
    ],
  },
  complete: (option, typed, { directory }) => (option === 'countries' ? completeWanted(typed, directory) : []),
  async run(input, deps, target) {
    const changes = changesOf(input, (text) => wantedCountries(text, deps.directory));
    assertMayPost(target);
    const since = await deps.logEnd();
    let before: Subscription | null = null;
    const after = await deps.editSubscription(target.channelId, (present) => {
      before = present;
      return changed(present, target, changes, since, input.now);
    });
    if (after === null) throw new Error('a subscription that was just made is not there');
    const head = headOf(before, target, input.now);
    const isEmpty = Object.keys(after.countries).length === 0 && after.scope === 'listed';
    const notes = [
      ...(isEmpty ? ['⚠️ No country is left in it: nothing is told here.'] : []),
      ...notesOn(target, after),
    ];
    const room = textLimits.content - [head, ...notes].join('\n').length - 2;
    return {
      content: clip(
        [head, ...describe(after, deps.directory, input.now, room), ...notes].join('\n'),
        textLimits.content,
      ),
    };
  },
});

interface Changes {
  readonly wanted: Wanted | null;
  readonly minSeverity: Severity | null;
  /** undefined: as it was. */
  readonly roleId: string | null | undefined;
  readonly updates: Subscription['updates'] | null;
  readonly quietRecovery: boolean | null;
}

function changesOf(input: CommandInput, wantedOf: (text: string) => Wanted): Changes {
  const countries = textOf(input, 'countries');
  return {
    wanted: countries === null ? null : wantedOf(countries),
    minSeverity: choiceOf(input, 'min-severity', severities),
    roleId: roleOf(input),
    updates: choiceOf(input, 'updates', updateModes),
    quietRecovery: booleanOf(input, 'quiet-recovery'),
  };
}

function roleOf(input: CommandInput): string | null | undefined {
  const role = textOf(input, 'mention');
  const isNone = booleanOf(input, 'no-mention') === true;
  if (role === null) return isNone ? null : undefined;
  if (isNone) throw new CommandProblem('You gave a role to mention and asked for no mention: choose one of them.');
  if (input.place.kind !== 'guild')
    throw new CommandProblem('There are no roles in a direct message: leave the mention out.');
  // Discord's documentation, Permissions: the role @everyone has the server's own id.
  if (role === input.place.guildId)
    throw new CommandProblem('I do not ping @everyone. Make a role for those who want to be woken, and give me that.');
  return role;
}

/** What is left out stays as it is; a list of countries replaces the list. */
function changed(
  present: Subscription | null,
  { channelId, guildId }: Target,
  changes: Changes,
  since: number,
  now: number,
): Subscription {
  const isLost = present?.standing.kind === 'gone' && now - present.standing.at > tombstoneMs;
  const base = present === null || isLost ? newSubscription({ channelId, guildId, since, createdAt: now }) : present;
  const { wanted, updates, quietRecovery, roleId } = changes;
  const minSeverity = changes.minSeverity ?? base.minSeverity;
  const codes = wanted?.kind === 'listed' ? wanted.codes : [];
  return {
    ...base,
    guildId,
    scope: wanted?.kind ?? base.scope,
    minSeverity,
    countries:
      wanted === null ? withThreshold(base, minSeverity) : Object.fromEntries(codes.map((code) => [code, minSeverity])),
    roleId: roleId === undefined ? base.roleId : roleId,
    updates: updates ?? base.updates,
    quietRecovery: quietRecovery ?? base.quietRecovery,
    // What happened while its channel was gone is old news.
    ...(base.standing.kind === 'gone' && { standing: { kind: 'active' }, since }),
  };
}

/** In a list, those at the common threshold move with it; exceptions stay what they are. */
function withThreshold(
  { scope, countries, minSeverity: former }: Subscription,
  minSeverity: Severity,
): Subscription['countries'] {
  if (scope === 'all' || former === minSeverity) return countries;
  return Object.fromEntries(Object.entries(countries).map(([code, own]) => [code, own === former ? minSeverity : own]));
}

function headOf(before: Subscription | null, { shown }: Target, now: number): string {
  if (before === null) return `✅ Subscribed: alerts come to ${shown} from now on.`;
  if (before.standing.kind === 'active') return `✅ Changed: what ${shown} is told is now`;
  const isLost = now - before.standing.at > tombstoneMs;
  return isLost
    ? `✅ Subscribed anew: alerts come to ${shown} from now on.`
    : `✅ Restored with its settings: alerts come to ${shown} again from now on.`;
}

function notesOn(target: Target, { roleId }: Subscription): string[] {
  const { access } = target;
  const notes = warningsFor(target);
  if (access?.kind === 'announcement')
    notes.push('This is an announcement channel: starts and recoveries are published to the servers that follow it.');
  if (
    roleId !== null &&
    access !== null &&
    (access.permissions & (PermissionFlagsBits.MentionEveryone | PermissionFlagsBits.Administrator)) === 0n
  ) {
    notes.push(
      `<@&${roleId}> is pinged only if anyone may mention it (in the role's settings), or if I have the ` +
        'permission Mention @everyone.',
    );
  }
  return [...notes, '`/test-alert` shows whether a message arrives.'];
}
