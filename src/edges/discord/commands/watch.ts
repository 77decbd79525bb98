import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { isMuted, severities, type Severity, type Subscription } from '../../delivery/index.js';
import { CommandProblem, type CommandDeps, type CommandInput } from './parts/command.js';
import type { CommandMessage } from './parts/command-message.js';
import { flagBefore } from './parts/condition.js';
import { completeCountry, countryOf } from './parts/country-option.js';
import { channelOption, choiceOf, countryOption, severityOption, textOf } from './parts/definition.js';
import { forManagers } from './parts/for-managers.js';
import { describe, severityText } from './parts/subscription-text.js';
import type { Target } from './parts/target-channel.js';
import { clip } from '../../../core/report/index.js';
import { textLimits } from '../messages/text-limits.js';

export const watch = forManagers({
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'watch',
    description: 'The countries that a channel is told of, each with its own threshold',
    options: [
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'add',
        description: 'Watch one more country, or give one a threshold of its own',
        options: [countryOption, severityOption, channelOption],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'remove',
        description: 'Take a country off the list, or its own threshold away',
        options: [countryOption, channelOption],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'list',
        description: 'What the channel is told of',
        options: [channelOption],
      },
    ],
  },
  complete: completeCountry,
  async run(input, deps, target) {
    switch (input.subcommand) {
      case 'add':
        return add(input, deps, target);
      case 'remove':
        return remove(input, deps, target);
      default:
        return list(input, deps, target);
    }
  },
});

async function add(input: CommandInput, deps: CommandDeps, target: Target): Promise<CommandMessage> {
  const country = countryOf(input, deps.directory);
  const wanted = choiceOf(input, 'min-severity', severities);
  const after = await deps.editSubscription(target.channelId, (present) => {
    const subscription = existing(present, target);
    const own = Object.hasOwn(subscription.countries, country)
      ? subscription.countries[country]
      : subscription.minSeverity;
    return { ...subscription, countries: { ...subscription.countries, [country]: wanted ?? own } };
  });
  const { scope, minSeverity, countries } = existing(after, target);
  const severity: Severity = countries[country];
  const name = `${flagBefore(country)}${deps.directory.name(country)}`;
  const lines = [`✅ ${target.shown}: ${name} is told from now on: ${severityText(severity)}.`];
  if (scope === 'all') {
    lines.push(
      `This subscription is to every country (${severityText(minSeverity)}): that is an exception, and all ` +
        'others are told as before. ' +
        'To watch a few countries alone, give them to `/subscribe`.',
    );
  }
  if (isMuted(existing(after, target), country, input.now))
    lines.push(`⚠️ ${name} is muted here just now: \`/mute\` with the duration off ends that.`);
  return { content: lines.join('\n') };
}

async function remove(input: CommandInput, deps: CommandDeps, target: Target): Promise<CommandMessage> {
  const { directory } = deps;
  const typed = (textOf(input, 'country') ?? '').trim().toUpperCase();
  const after = await deps.editSubscription(target.channelId, (present) => {
    const subscription = existing(present, target);
    // A group that the configuration no longer knows can still be taken off.
    const country = Object.hasOwn(subscription.countries, typed) ? typed : countryOf(input, directory);
    if (!Object.hasOwn(subscription.countries, country))
      throw new CommandProblem(notListed(subscription, directory.name(country), target));
    return {
      ...subscription,
      countries: Object.fromEntries(Object.entries(subscription.countries).filter(([code]) => code !== country)),
    };
  });
  const { scope, minSeverity, countries } = existing(after, target);
  const code = directory.find(textOf(input, 'country') ?? '');
  const name = code.kind === 'found' ? `${flagBefore(code.code)}${directory.name(code.code)}` : typed;
  if (scope === 'all') {
    const common = `like every country it is told from this on: ${severityText(minSeverity)}`;
    return { content: `✅ ${target.shown}: ${name} has no threshold of its own any more; ${common}.` };
  }
  const left = Object.keys(countries).length;
  const rest =
    left > 0
      ? `${left} ${left === 1 ? 'country is' : 'countries are'} still watched.`
      : '⚠️ That was the last one: **nothing is told there now**. Add countries with `/watch add`, or choose ' +
        '`all` with `/subscribe`.';
  return { content: `✅ ${target.shown}: ${name} is no longer watched. ${rest}` };
}

async function list(
  { now }: CommandInput,
  { subscriptions, directory }: CommandDeps,
  target: Target,
): Promise<CommandMessage> {
  const subscription = existing(await subscriptions.subscription(target.channelId), target);
  const head = `What ${target.shown} is told of:`;
  return {
    content: clip(
      [head, ...describe(subscription, directory, now, textLimits.content - head.length - 1)].join('\n'),
      textLimits.content,
    ),
  };
}

function notListed({ scope, minSeverity }: Subscription, name: string, { shown }: Target): string {
  if (scope === 'listed') return `${name} was not watched in ${shown}: nothing to remove.`;
  return (
    `${name} has no threshold of its own in ${shown}. It is told because the subscription is to every ` +
    `country (${severityText(minSeverity)}): ` +
    '`/mute` silences it for a while, and `/subscribe` with a list of countries narrows it.'
  );
}

/** Throws a CommandProblem where there is none, or its channel was gone. */
export function existing(subscription: Subscription | null, { shown }: Target): Subscription {
  if (subscription === null)
    throw new CommandProblem(`There is no subscription for ${shown} yet: \`/subscribe\` makes one.`);
  if (subscription.standing.kind === 'gone') {
    throw new CommandProblem(
      `The subscription for ${shown} was put aside (${subscription.standing.reason}): \`/subscribe\` brings it back.`,
    );
  }
  return subscription;
}
