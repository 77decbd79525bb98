import { singlesOf, type IncidentEvent } from '../../../core/incidents/index.js';
import { planOf, toldAfter, type Plan } from './plan.js';
import type { LoggedEvent, ToldRecord } from '../ports.js';
import type { Subscription } from '../subscriptions/subscription.js';

type Post = Extract<Plan, { kind: 'post' }>;

/** What a channel hears of an event that tells of several countries. */
export interface AtOncePlan {
  /** The event with the countries that the channel hears of first. */
  readonly event: IncidentEvent;
  readonly post: Pick<Post, 'part' | 'roleId' | 'replyTo'>;
  /** Of each incident that it hears of: the message that tells it is its first, and is no single country's to edit. */
  readonly told: (messageId: string) => readonly ToldRecord[];
}

/** One message for all of them, by what each would be to the channel alone; null: it hears of none. */
export function planAtOnce(
  { event, position }: LoggedEvent,
  subscription: Subscription,
  told: readonly ToldRecord[],
  now: number,
): AtOncePlan | null {
  const singles = singlesOf(event).map((single, index) => {
    const before = told.find(({ incident }) => incident === single.incident) ?? null;
    return { single, country: event.countries[index], before, plan: planOf(single, subscription, before, now) };
  });
  const heard = singles.flatMap(({ plan, ...rest }) => (plan.kind === 'post' ? [{ plan, ...rest }] : []));
  if (heard.length === 0) return null;
  const part =
    (['start', 'escalation'] as const).find((kind) => heard.some(({ plan }) => plan.part === kind)) ?? 'update';
  const replies = new Set(heard.map(({ plan }) => plan.replyTo));
  const others = singles.filter(({ plan }) => plan.kind !== 'post');
  return {
    event: { ...event, countries: [...heard, ...others].map(({ country }) => country) },
    post: {
      part,
      roleId: part === 'update' ? null : subscription.roleId,
      replyTo: replies.size === 1 ? [...replies][0] : null,
    },
    told: (messageId) =>
      heard.flatMap(({ single, before, plan }) => {
        const after = toldAfter(plan, { event: single, position }, subscription.channelId, before, messageId, now);
        return after === null ? [] : [after.firstMessageId === messageId ? { ...after, position: null } : after];
      }),
  };
}
