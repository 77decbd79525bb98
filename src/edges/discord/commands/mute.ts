import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { isMuted, thresholdOf } from '../../delivery/index.js';
import { CommandProblem } from './parts/command.js';
import { flagBefore } from './parts/condition.js';
import { completeCountry, countryOf } from './parts/country-option.js';
import { channelOption, choiceOf, countryOption } from './parts/definition.js';
import { forManagers } from './parts/for-managers.js';
import { localTime } from './parts/staleness.js';
import { existing } from './watch.js';
import { hourMs } from '../../../core/time.js';

const durations = ['1h', '6h', '24h', '3d', '7d', '30d', 'off'] as const;
const durationNames = {
  '1h': '1 hour',
  '6h': '6 hours',
  '24h': '24 hours',
  '3d': '3 days',
  '7d': '7 days',
  '30d': '30 days',
  off: 'off: tell it again',
} as const;
const durationMs = {
  '1h': hourMs,
  '6h': 6 * hourMs,
  '24h': 24 * hourMs,
  '3d': 72 * hourMs,
  '7d': 168 * hourMs,
  '30d': 720 * hourMs,
  off: 0,
} as const;

export const mute = forManagers({
  definition: {
    type: ApplicationCommandType.ChatInput,
    name: 'mute',
    description: 'Nothing of one country for a while',
    options: [
      countryOption,
      {
        type: ApplicationCommandOptionType.String,
        name: 'duration',
        description: 'For how long, or off',
        required: true,
        choices: durations.map((value) => ({ name: durationNames[value], value })),
      },
      channelOption,
    ],
  },
  complete: completeCountry,
  async run(input, deps, target) {
    const country = countryOf(input, deps.directory);
    const duration = choiceOf(input, 'duration', durations);
    if (duration === null) throw new CommandProblem(`For how long? One of: ${durations.join(', ')}.`);
    const { now } = input;
    const name = `${flagBefore(country)}${deps.directory.name(country)}`;
    const until = now + durationMs[duration];
    const after = await deps.editSubscription(target.channelId, (present) => {
      const subscription = existing(present, target);
      if (duration === 'off' && !isMuted(subscription, country, now))
        throw new CommandProblem(`${name} is not muted in ${target.shown}.`);
      const others = Object.entries(subscription.mutes).filter(([code, end]) => code !== country && end > now);
      return {
        ...subscription,
        mutes: Object.fromEntries(duration === 'off' ? others : [...others, [country, until]]),
      };
    });
    if (duration === 'off') return { content: `✅ ${target.shown}: ${name} is told again from now on.` };
    const isWatched = thresholdOf(existing(after, target), country) !== null;
    const note = isWatched
      ? 'An outage that begins and ends meanwhile is not told later; `/status` and `/outages` show it all the same.'
      : 'It is not watched there anyway.';
    return { content: `🔇 ${target.shown}: nothing of ${name} until ${localTime(until)}. ${note}` };
  },
});
