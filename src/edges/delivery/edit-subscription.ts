import type { Subscriptions } from './ports.js';
import type { Subscription } from './subscriptions/subscription.js';

/**
 * Changes a channel's subscription, one change after the other. `change` gets the present one (null: the channel has
 * none) and returns what is saved instead; null removes it.
 */
export type EditSubscription = (
  channelId: string,
  change: (present: Subscription | null) => Subscription | null,
) => Promise<Subscription | null>;

/** A queue of changes for each channel, because commands, gateway events and delivery change the same subscriptions. */
export function createEditSubscription(
  store: Pick<Subscriptions, 'subscription' | 'saveSubscription' | 'removeSubscription'>,
): EditSubscription {
  const last = new Map<string, Promise<unknown>>();
  return (channelId, change) => {
    const before = last.get(channelId) ?? Promise.resolve();
    const edit = before.then(async () => {
      const present = await store.subscription(channelId);
      const changed = change(present);
      if (changed === present) return present;
      if (changed === null) await store.removeSubscription(channelId);
      else await store.saveSubscription(changed);
      return changed;
    });
    const settled = edit.then(
      () => undefined,
      () => undefined,
    );
    last.set(channelId, settled);
    void settled.then(() => {
      if (last.get(channelId) === settled) last.delete(channelId);
    });
    return edit;
  };
}
