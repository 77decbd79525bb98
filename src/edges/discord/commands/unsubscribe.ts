import { ApplicationCommandType } from 'discord.js';
import type { Subscription } from '../../delivery/index.js';
import { CommandProblem } from './parts/command.js';
import { channelOption } from './parts/definition.js';
import { forManagers } from './parts/for-managers.js';

export const unsubscribe = forManagers({
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'unsubscribe',
    description: 'No more alerts in a channel',
    options: [channelOption],
  },
  async run(_, deps, { channelId, shown }) {
    const before: (Subscription | null)[] = [];
    await deps.editSubscription(channelId, (present) => {
      before.push(present);
      return null;
    });
    if (before.at(-1) === null) throw new CommandProblem(`There was no subscription for ${shown}: nothing to end.`);
    return { content: `✅ No more alerts come to ${shown}. Its settings are forgotten; \`/subscribe\` begins anew.` };
  },
});
