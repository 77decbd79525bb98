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
import type { Clock } from '../../edges/clock.js';
import type { Logger } from '../../edges/observability/index.js';

const retryMs = 5_000;
/** Hours: a store that is away for longer has its operator's attention. */
const mostAttempts = 5_000;

export interface StandingOptions {
  readonly store: EventLog & Outbox & Subscriptions & Notes;
  readonly editSubscription: EditSubscription;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What becomes of subscriptions when channels and servers come and go. */
export interface Standing {
  channelGone(channelId: string, reason: string): void;
  guildGone(guildId: string, reason: string): void;
  /** What was laid aside when the bot was thrown out is told again. */
  guildBack(guildId: string, channelIds: readonly string[]): void;
  /** Forgets what has been laid aside for longer than it is kept. */
  sweep(): Promise<void>;
  /**
   * DISCORD_CHANNEL_ID: a subscription to everything that is major, made once; taken back by its owners, it stays away.
   */
  firstChannel(channelId: string): Promise<void>;
}

export function createStanding({ store, editSubscription, logger, clock }: StandingOptions): Standing {
  const now = (): number => clock.now();
  const gone =
    (reason: string) =>
    (present: Subscription | null): Subscription | null =>
      present?.standing.kind === 'active' ? { ...present, standing: { kind: 'gone', at: now(), reason } } : present;
  /** One after the other: who is thrown out and let in again at once must end up inside. */
  let last = Promise.resolve();
  const edit = (doing: string, change: () => Promise<unknown>): void => {
    last = last.then(() => insist(doing, change));
  };
  /** The store being away delays: a server that is back must not stay silent until its next session. */
  const insist = async (doing: string, change: () => Promise<unknown>): Promise<void> => {
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      try {
        await change();
        return;
      } catch (error) {
        logger.warn({ err: error }, `${doing}, trying again`);
        await clock.sleep(retryMs);
      }
    }
    logger.error(`${doing}: given up until the next session`);
  };
  /** Channel to server, of servers that are there again. */
  const back = new Map<string, string>();
  const takeUp = async (servers: ReadonlyMap<string, string>): Promise<void> => {
    for (const { channelId, guildId, standing } of await store.subscriptions()) {
      const server = servers.get(channelId);
      if (server === undefined || (standing.kind === 'active' && guildId === server)) continue;
      const since = await store.end();
      await editSubscription(channelId, (present) => {
        if (present === null || present.standing.kind === 'active') return present && { ...present, guildId: server };
        return { ...present, guildId: server, since, standing: { kind: 'active' } };
      });
      if (standing.kind === 'gone')
        logger.info({ channelId }, 'the bot is back in this channel, with its subscription as it was');
    }
  };
  const ofGuild = async (guildId: string): Promise<Subscription[]> =>
    (await store.subscriptions()).filter((subscription) => subscription.guildId === guildId);

  return {
    channelGone: (channelId, reason) =>
      edit('a channel that is gone could not be laid aside', () => editSubscription(channelId, gone(reason))),
    guildGone: (guildId, reason) =>
      edit('a server that is gone could not be laid aside', async () => {
        for (const { channelId } of await ofGuild(guildId)) await editSubscription(channelId, gone(reason));
      }),
    guildBack(guildId, channelIds) {
      for (const channelId of channelIds) back.set(channelId, guildId);
      // A new session names every server in one turn: the subscriptions are read once for all of them.
      if (back.size > channelIds.length) return;
      let servers: ReadonlyMap<string, string> | null = null;
      edit('servers that are back could not be taken up again', () => {
        if (servers === null) {
          servers = new Map(back);
          back.clear();
        }
        return takeUp(servers);
      });
    },
    async sweep() {
      for (const { channelId, standing } of await store.subscriptions()) {
        if (standing.kind === 'gone' && now() - standing.at > tombstoneMs) {
          await editSubscription(channelId, (present) =>
            present?.standing.kind === 'gone' && now() - present.standing.at > tombstoneMs ? null : present,
          );
        }
      }
    },
    async firstChannel(channelId) {
      const name = `first-channel:${channelId}`;
      if ((await store.note(name)) !== null) return;
      // Where an earlier version told this channel, it goes on from there.
      const reached = await store.cursor(`discord:${channelId}`);
      if (reached !== null && (await store.expansion()) === null)
        await store.owe([], { position: reached, channelId: null });
      const since = reached ?? (await store.end());
      const at = now();
      const subscription = await editSubscription(
        channelId,
        (present) => present ?? newSubscription({ channelId, guildId: null, since, createdAt: at }),
      );
      await store.setNote(name, new Date(now()).toISOString());
      if (subscription?.createdAt === at)
        logger.info(
          { channelId },
          'DISCORD_CHANNEL_ID is subscribed to every country, from major on; change that with /subscribe there',
        );
    },
  };
}
