import type { Command, CommandDeps, CommandInput } from './command.js';
import type { CommandMessage } from './command-message.js';
import { managersOnly } from './definition.js';
import { targetOf, turnedAway, type Target } from './target-channel.js';

interface ManagerCommand extends Pick<Command, 'definition' | 'complete'> {
  readonly run: (
    input: CommandInput,
    deps: CommandDeps,
    target: Target,
    signal: AbortSignal,
  ) => Promise<CommandMessage>;
}

/** A command about one channel's subscription: for people with Manage Server, and answered to them alone. */
export function forManagers({ definition, run, complete }: ManagerCommand): Command {
  return {
    definition: { ...definition, ...managersOnly },
    ephemeral: true,
    ...(complete !== undefined && { complete }),
    async run(input, deps, signal) {
      return turnedAway(input, deps) ?? run(input, deps, await targetOf(input, deps), signal);
    },
  };
}
