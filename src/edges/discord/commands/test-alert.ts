import { ApplicationCommandType } from 'discord.js';
import type { SendResult } from '../../delivery/index.js';
import { channelOption } from './parts/definition.js';
import { forManagers } from './parts/for-managers.js';
import { assertMayPost, warningsFor } from './parts/target-channel.js';
import { clip } from '../../../core/report/index.js';
import { textLimits } from '../messages/text-limits.js';

const testText = 'TEST: this is how an alert of lightsout arrives here. Nothing has happened, in no country.';

export const testAlert = forManagers({
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'test-alert',
    description: 'Posts a test alert, marked as one, and says whether it arrived',
    options: [channelOption],
  },
  async run(input, deps, target, signal) {
    assertMayPost(target);
    const result = await deps.send.post(
      target.channelId,
      { kind: 'notice', id: `test-${target.channelId}-${input.now}`, text: testText },
      signal,
    );
    const isSubscribed = (await deps.subscriptions.subscription(target.channelId))?.standing.kind === 'active';
    const lines = [
      outcomeOf(result, target.shown),
      ...warningsFor(target),
      ...(isSubscribed
        ? []
        : ['There is no subscription there yet, so no real alert would come: `/subscribe` makes one.']),
    ];
    return { content: clip(lines.join('\n'), textLimits.content) };
  },
});

function outcomeOf(result: SendResult, shown: string): string {
  switch (result.kind) {
    case 'sent':
      return `✅ The test alert is in ${shown}: alerts will arrive there.`;
    case 'retry':
      return (
        '⚠️ Discord did not take the test alert just ' +
        `now${result.maybeTaken ? ', or took it without saying so' : ''}: ${result.reason}. ` +
        'A real alert would be tried again until it arrives; give this command again in a minute.'
      );
    case 'closed':
      return `❌ I may not post in ${shown}: ${result.reason}. Mend the permissions there, then try again.`;
    case 'gone':
      return `❌ ${shown} is not there any more: ${result.reason}.`;
    case 'refused':
      return (
        `❌ Discord refused the test alert itself: ${result.reason}. That is a fault of mine; whoever runs me ` +
        'finds it in the log.'
      );
  }
}
