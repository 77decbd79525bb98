import {
  newSubscription, tombstoneMs,
  type EditSubscription, type EventLog, type Notes, type Outbox, type Subscription, type Subscriptions,
} from '../delivery/index.js';
import type { Logger } from '../observability/index.js';

export interface StandingOptions {
  readonly store: EventLog & Outbox & Subscriptions & Notes;
  readonly editSubscription: EditSubscription;
  readonly logger: Logger;
  readonly now: () => number;
}

/** What becomes of subscriptions when channels and servers come and go. */
export interface Standing {
  channelGone(channelId: string, reason: string): void;
  guildGone(guildId: string, reason: string): void;
  /** What was laid aside when the bot was thrown out is told again. */
  guildBack(guildId: string, channelIds: readonly string[]): void;
  /** Forgets what has been laid aside for longer than it is kept. */
  sweep(): Promise<void>;
  /** DISCORD_CHANNEL_ID: a subscription to everything that is major, made once; taken back by its owners, it stays away. */
  firstChannel(channelId: string): Promise<void>;
}

export function createStanding({ store, editSubscription, logger, now }: StandingOptions): Standing {
  const gone = (reason: string) => (present: Subscription | null): Subscription | null =>
    present?.standing.kind === 'active' ? { ...present, standing: { kind: 'gone', at: now(), reason } } : present;
  /** One after the other: who is thrown out and let in again at once must end up inside. */
  let last = Promise.resolve();
  const edit = (doing: string, change: () => Promise<unknown>): void => {
    last = last.then(change).then(() => undefined, (error: unknown) => logger.error({ err: error }, doing));
  };
  /** Channel to server, of servers that are there again. */
  const back = new Map<string, string>();
  const takeUp = async (): Promise<void> => {
    const servers = new Map(back);
    back.clear();
    for (const { channelId, guildId, standing } of await store.subscriptions()) {
      const server = servers.get(channelId);
      if (server === undefined || (standing.kind === 'active' && guildId === server)) continue;
      const since = await store.end();
      await editSubscription(channelId, (present) => {
        if (present === null || present.standing.kind === 'active') return present && { ...present, guildId: server };
        return { ...present, guildId: server, since, standing: { kind: 'active' } };
      });
      if (standing.kind === 'gone') logger.info({ channelId }, 'the bot is back in this channel, with its subscription as it was');
    }
  };
  const ofGuild = async (guildId: string): Promise<Subscription[]> =>
    (await store.subscriptions()).filter((subscription) => subscription.guildId === guildId);

  return {
    channelGone: (channelId, reason) => edit('a channel that is gone could not be laid aside', () => editSubscription(channelId, gone(reason))),
    guildGone: (guildId, reason) =>
      edit('a server that is gone could not be laid aside', async () => {
        for (const { channelId } of await ofGuild(guildId)) await editSubscription(channelId, gone(reason));
      }),
    guildBack(guildId, channelIds) {
      for (const channelId of channelIds) back.set(channelId, guildId);
      // A new session names every server in one turn: the subscriptions are read once for all of them.
      if (back.size === channelIds.length) edit('servers that are back could not be taken up again', takeUp);
    },
    async sweep() {
      for (const { channelId, standing } of await store.subscriptions()) {
        if (standing.kind === 'gone' && now() - standing.at > tombstoneMs) {
          await editSubscription(channelId, (present) => (present?.standing.kind === 'gone' && now() - present.standing.at > tombstoneMs ? null : present));
        }
      }
    },
    async firstChannel(channelId) {
      const name = `first-channel:${channelId}`;
      if ((await store.note(name)) !== null) return;
      // Where an earlier version told this channel, it goes on from there.
      const reached = await store.cursor(`discord:${channelId}`);
      if (reached !== null && (await store.expansion()) === null) await store.owe([], { position: reached, channelId: null });
      const since = reached ?? (await store.end());
      await editSubscription(channelId, (present) => present ?? newSubscription({ channelId, guildId: null, since, createdAt: now() }));
      await store.setNote(name, new Date(now()).toISOString());
      logger.info({ channelId }, 'DISCORD_CHANNEL_ID is subscribed to every country, from major on; change that with /subscribe there');
    },
  };
}
