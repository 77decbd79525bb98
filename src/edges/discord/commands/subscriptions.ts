import { ApplicationCommandType } from 'discord.js';
import { colours, plural, clip } from '../../../core/report/index.js';
import type { Command, CommandDeps, CommandInput } from './parts/command.js';
import type { CommandMessage } from './parts/command-message.js';
import { managersOnly } from './parts/definition.js';
import { pageButtons, pageOf, pageText, turnedTo } from './parts/pages.js';
import { summaryOf } from './parts/subscription-text.js';
import { lackingIn, turnedAway } from './parts/target-channel.js';
import { textLimits } from '../messages/text-limits.js';

export const subscriptions: Command = {
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'subscriptions',
    description: 'Which channels here get alerts, of what, and whether all is well with them',
    ...managersOnly,
  },
  ephemeral: true,
  run: (input, deps) => answer(1, input, deps),
  press: (customId, input, deps) => answer(turnedTo(customId).page, input, deps),
};

async function answer(page: number, input: CommandInput, deps: CommandDeps): Promise<CommandMessage> {
  const away = turnedAway(input, deps);
  if (away !== null) return away;
  const { place, now } = input;
  const here = (await deps.subscriptions.subscriptions()).filter(({ guildId, channelId }) =>
    place.kind === 'guild' ? guildId === place.guildId : channelId === place.channelId,
  );
  if (here.length === 0)
    return {
      content:
        `Nothing is subscribed ${place.kind === 'guild' ? 'in this server' : 'here'} yet: \`/subscribe\` makes a ` +
        'start.',
    };
  const shown = pageOf(here, page);
  const rows = shown.rows.map((subscription) =>
    summaryOf(subscription, deps.directory, troubleOf(subscription.channelId, deps), now),
  );
  const warnings = deps
    .troubles()
    .map((trouble) => `⚠️ ${clip(trouble, 200)}`)
    .slice(0, 1);
  const footer = pageText(shown);
  return {
    embeds: [
      {
        title: `${plural(here.length, 'subscription')} ${place.kind === 'guild' ? 'in this server' : 'here'}`,
        color: colours.unstable,
        description: clip([...warnings, ...rows].join('\n'), textLimits.description),
        ...(footer !== '' && { footer: { text: footer } }),
      },
    ],
    components: pageButtons('subscriptions', shown),
  };
}

/** What failed there, or would: where nothing happened since a permission was taken away, nothing has failed yet. */
function troubleOf(channelId: string, deps: CommandDeps): string | null {
  const access = deps.lookUpChannel(channelId);
  const needed = access === null ? [] : lackingIn(access).needed;
  return deps.troubleOf(channelId) ?? (needed.length === 0 ? null : `I lack ${needed.join(' and ')} there`);
}
