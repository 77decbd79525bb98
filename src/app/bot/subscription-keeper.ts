import { secondMs } from '../../core/time.js';
import type { Clock } from '../../edges/clock.js';
import {
  newSubscription,
  tombstoneMs,
  type EditSubscription,
  type EventLog,
  type Notes,
  type Outbox,
  type Subscription,
  type Subscriptions,
} from '../../edges/delivery/index.js';
import type { Logger } from '../../edges/observability/index.js';
import { retry } from '../../edges/waiting/index.js';

const retryMs = 5 * secondMs;
/** About 7 hours: by then the operator knows that the store is away. */
const mostAttempts = 5_000;

export interface SubscriptionKeeperOptions {
  readonly store: EventLog & Outbox & Subscriptions & Notes;
  readonly editSubscription: EditSubscription;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Puts subscriptions aside when their channel or server is gone, and takes them up again when it is back. */
export class SubscriptionKeeper {
  readonly #options: SubscriptionKeeperOptions;
  /** Channel to server, of servers that are back and not yet taken up. */
  readonly #back = new Map<string, string>();
  /** Changes run one after the other: a bot that is removed and invited again at once must end up inside. */
  #last = Promise.resolve();

  constructor(options: SubscriptionKeeperOptions) {
    this.#options = options;
  }

  channelGone(channelId: string, reason: string): void {
    this.#change('the subscription of a channel that is gone could not be put aside', () =>
      this.#putAside(channelId, reason),
    );
  }

  guildGone(guildId: string, reason: string): void {
    this.#change('the subscriptions of a server that is gone could not be put aside', async () => {
      for (const subscription of await this.#options.store.subscriptions())
        if (subscription.guildId === guildId) await this.#putAside(subscription.channelId, reason);
    });
  }

  /** Subscriptions that were put aside when the bot was removed from the server are active again. */
  guildBack(guildId: string, channelIds: readonly string[]): void {
    for (const channelId of channelIds) this.#back.set(channelId, guildId);
    // A new session names all servers in one go: the subscriptions are read once for all of them.
    if (this.#back.size > channelIds.length) return;
    let servers: ReadonlyMap<string, string> | null = null;
    this.#change('the subscriptions of servers that are back could not be taken up again', () => {
      if (servers === null) {
        servers = new Map(this.#back);
        this.#back.clear();
      }
      return this.#takeUp(servers);
    });
  }

  /** Removes the subscriptions that were put aside longer ago than they are kept. */
  async sweep(): Promise<void> {
    const { store, editSubscription, clock } = this.#options;
    const isForgotten = ({ standing }: Subscription): boolean =>
      standing.kind === 'gone' && clock.now() - standing.at > tombstoneMs;
    for (const subscription of await store.subscriptions())
      if (isForgotten(subscription))
        await editSubscription(subscription.channelId, (present) =>
          present !== null && isForgotten(present) ? null : present,
        );
  }

  /**
   * DISCORD_CHANNEL_ID: a subscription to everything that is major, made once. If it is removed in Discord, it is not
   * made again.
   */
  async firstChannel(channelId: string): Promise<void> {
    const { store, editSubscription, logger, clock } = this.#options;
    const name = `first-channel:${channelId}`;
    if ((await store.note(name)) !== null) return;
    // If an earlier version told this channel, delivery goes on where that version stopped.
    const reached = await store.cursor(`discord:${channelId}`);
    if (reached !== null && (await store.expansion()) === null)
      await store.owe([], { position: reached, channelId: null });
    const since = reached ?? (await store.end());
    const at = clock.now();
    const subscription = await editSubscription(
      channelId,
      (present) => present ?? newSubscription({ channelId, guildId: null, since, createdAt: at }),
    );
    await store.setNote(name, new Date(clock.now()).toISOString());
    if (subscription?.createdAt === at)
      logger.info(
        { channelId },
        'DISCORD_CHANNEL_ID is subscribed to every country, from major on; change that with /subscribe there',
      );
  }

  #putAside(channelId: string, reason: string): Promise<unknown> {
    const { editSubscription, clock } = this.#options;
    return editSubscription(channelId, (present) =>
      present?.standing.kind === 'active'
        ? { ...present, standing: { kind: 'gone', at: clock.now(), reason } }
        : present,
    );
  }

  async #takeUp(servers: ReadonlyMap<string, string>): Promise<void> {
    const { store, editSubscription, logger } = this.#options;
    for (const { channelId, guildId, standing } of await store.subscriptions()) {
      const server = servers.get(channelId);
      if (server === undefined || (standing.kind === 'active' && guildId === server)) continue;
      const since = await store.end();
      await editSubscription(channelId, (present) => {
        if (present === null) return null;
        if (present.standing.kind === 'active') return { ...present, guildId: server };
        return { ...present, guildId: server, since, standing: { kind: 'active' } };
      });
      if (standing.kind === 'gone')
        logger.info({ channelId }, 'the bot is back in this channel, with its subscription as it was');
    }
  }

  #change(failure: string, change: () => Promise<unknown>): void {
    this.#last = this.#last.then(() => this.#persist(failure, change));
  }

  /** A store that is away delays the change: else a server that is back would stay silent until the next session. */
  async #persist(failure: string, change: () => Promise<unknown>): Promise<void> {
    const { logger, clock } = this.#options;
    try {
      await retry(change, {
        clock,
        signal: new AbortController().signal,
        backOff: () => retryMs,
        onFailure: (error, failures) => {
          if (failures >= mostAttempts) throw error;
          logger.warn({ err: error }, `${failure}, trying again`);
        },
      });
    } catch (error) {
      logger.error({ err: error }, `${failure}: given up until the next session`);
    }
  }
}
