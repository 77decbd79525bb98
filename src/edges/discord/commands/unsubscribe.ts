import { ApplicationCommandType } from 'discord.js';
import type { Subscription } from '../../delivery/index.js';
import { CommandProblem, type Command } from './parts/command.js';
import { channelOption, forManagers } from './parts/definition.js';
import { targetOf, turnedAway } from './parts/target-channel.js';

export const unsubscribe: Command = {
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'unsubscribe',
    description: 'No more alerts in a channel',
    options: [channelOption],
    ...forManagers,
  },
  ephemeral: true,
  async run(input, deps) {
    const away = turnedAway(input, deps);
    if (away !== null) return away;
    const { channelId, shown } = await targetOf(input, deps);
    const before: (Subscription | null)[] = [];
    await deps.editSubscription(channelId, (present) => {
      before.push(present);
      return null;
    });
    if (before.at(-1) === null) throw new CommandProblem(`There was no subscription for ${shown}: nothing to end.`);
    return { content: `✅ No more alerts come to ${shown}. Its settings are forgotten; \`/subscribe\` begins anew.` };
  },
};
