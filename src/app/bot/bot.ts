import { createRequire } from 'node:module';
import type { Clock } from '../../edges/clock.js';
import { inviteLink, type Config } from '../../edges/config/index.js';
import { createCountryDirectory } from '../../core/countries/index.js';
import { Delivery, createEditSubscription, createOperator } from '../../edges/delivery/index.js';
import {
  checkDiscord,
  commands,
  createDiscordSend,
  createGateway,
  registerCommands,
  requestsPerSecond,
} from '../../edges/discord/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import type { Store } from '../../edges/store/index.js';
import { RateLimit } from '../../edges/waiting/index.js';
import { createCharts } from './charts.js';
import { refreshEvent } from './refresh-event.js';
import { createSight } from './sight.js';
import { createStanding } from './standing.js';

const developerPortal = 'https://discord.com/developers/applications';
/**
 * How often the event log is read though nobody said that there is anything new: in a store that is ours alone only in
 * case a word got lost.
 */
const pollMs = { shared: 3_000, own: 60_000 };
/** How often what is owed is counted for the metrics. */
const countEveryMs = 15_000;
const sweepEveryMs = 24 * 3_600_000;
/** How old the oldest message owed may be before that is a trouble: longer than a pause of ours or Discord's. */
const lateMs = 5 * 60_000;
const storeRetryMs = 5_000;
/** What is asked of Discord once, at the start, is asked so often until there is an answer. */
const askAgainMs = 60_000;

export interface BotOptions {
  readonly discord: NonNullable<Config['discord']>;
  readonly apiUrl: string;
  readonly groups: Config['countries']['groups'];
  readonly store: Store;
  /** Whether a process of its own may write events, of which nothing but the store tells. */
  readonly storeIsShared: boolean;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** To the terminal. */
  readonly say: (text: string) => void;
}

/** Why a bot's work ended: 'token-refused' is for its operator to mend. */
export type BotEnd = { readonly kind: 'stopped' } | { readonly kind: 'token-refused'; readonly reason: string };

export interface Bot {
  run(signal: AbortSignal): Promise<BotEnd>;
  /** New events were committed. */
  wake(): void;
  /** Why it cannot tell or answer just now, a sentence each; empty while all is well. */
  troubles(): readonly string[];
}

/**
 * Everything that speaks to Discord: what channels are owed is told over REST, what people ask is heard at the gateway.
 */
export function createBot({
  discord,
  apiUrl,
  groups,
  store,
  storeIsShared,
  clock,
  random,
  logger,
  metrics,
  say,
}: BotOptions): Bot {
  const { token, operatorChannelId } = discord;
  const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };
  const api = { token, apiUrl, clock, onRequest: countRequests(metrics) };
  const charts = createCharts({ reader: store, logger });
  const editSubscription = createEditSubscription(store);
  const standing = createStanding({ store, editSubscription, logger, clock });

  let applicationId: string | null = null;
  const send = createDiscordSend({
    ...api,
    rateLimit: new RateLimit(clock, requestsPerSecond),
    logger,
    charts,
    lookUpChannel: (channelId) => gateway.lookUpChannel(channelId),
  });
  const operator = createOperator({ send, channelId: operatorChannelId, clock, random, logger });
  const delivery = new Delivery({
    store,
    send,
    operatorChannelId,
    editSubscription,
    clock,
    random,
    logger,
    mostAtOnce: requestsPerSecond,
    pollMs: storeIsShared ? pollMs.shared : pollMs.own,
    refresh: (event) => refreshEvent(event, store, clock.now()),
    report: {
      attempt: (result, ageMs) => {
        metrics.deliveryAttempts.inc({ result });
        if (result === 'sent') metrics.deliveryAge.observe(ageMs / 1000);
      },
      doubtful: () => metrics.deliveriesDoubtful.inc(),
      lost: (channelId, reason) =>
        operator.notify(
          `A message to channel ${channelId} was given up, for Discord takes neither it nor its text alone: ${reason}`,
        ),
    },
  });

  const sight = createSight({ notify: (text) => operator.notify(text), now: () => clock.now() });

  const troubles = (): readonly string[] => {
    const { reason } = gateway.health();
    const since = delivery.waitingSince();
    const late =
      since !== null && clock.now() - since > lateMs ? `messages wait since ${new Date(since).toISOString()}` : null;
    return [reason, delivery.trouble() ?? late, sight.trouble()].filter((trouble) => trouble !== null);
  };

  const gateway = createGateway({
    ...api,
    random,
    logger,
    commands,
    deps: {
      reader: store,
      subscriptions: store,
      editSubscription,
      charts,
      send,
      version,
      troubles,
      directory: createCountryDirectory(groups),
      troubleOf: (channelId) => delivery.troubleOf(channelId),
      logEnd: () => store.end(),
      inviteLink: () => (applicationId === null ? developerPortal : inviteLink(applicationId)),
    },
    onNotice: (text) => operator.notify(text),
    onCommand: (command, outcome, seconds) => {
      metrics.commands.inc({ command, outcome });
      metrics.commandSeconds.observe({ command }, seconds);
    },
    onChannelsOpen: (channelIds) => delivery.reopen(channelIds),
    onChannelGone: (channelId, reason) => standing.channelGone(channelId, reason),
    onGuildGone: (guildId, reason) => standing.guildGone(guildId, reason),
    onGuildBack: (guildId, channelIds) => {
      standing.guildBack(guildId, channelIds);
      delivery.reopen(channelIds);
    },
  });

  /** The store being away is waited out: before this nothing may be told. */
  const subscribeFirst = async (channelId: string, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await standing.firstChannel(channelId);
        return;
      } catch (error) {
        logger.warn({ err: error }, 'DISCORD_CHANNEL_ID cannot be subscribed, trying again');
        await clock.sleep(storeRetryMs, signal);
      }
    }
  };

  /** Who we are to Discord; an invitation, as long as nobody has let us in. */
  const introduce = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const check = await checkDiscord({ ...api, channelId: discord.channelId }, signal);
      if (check.kind === 'ok') {
        applicationId = check.applicationId;
        if (check.servers === 0)
          say(`${check.botName} is in no server yet. Invite it: ${inviteLink(check.applicationId)}`);
        else if (check.channel?.kind === 'closed') logger.error(`DISCORD_CHANNEL_ID: ${check.channel.reason}`);
        else
          logger.info(
            `Discord: ${check.botName} is in ${check.servers === 1 ? 'one server' : `${check.servers} servers`}`,
          );
        return;
      }
      // The gateway tells of a refused token, and ends.
      if (check.kind === 'unreachable') logger.warn(`Discord: ${check.reason}`);
      await clock.sleep(askAgainMs, signal);
    }
  };

  const register = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const outcome = await registerCommands(
        { ...api, commands, devGuildId: discord.devGuildId },
        store,
        'changed',
        signal,
      ).catch((error: unknown) => ({ kind: 'unreachable', reason: String(error) }) as const);
      if (outcome.kind === 'registered') logger.info('the commands were registered with Discord');
      if (outcome.kind === 'refused') logger.error(`the commands could not be registered: ${outcome.reason}`);
      if (outcome.kind !== 'unreachable') return;
      logger.warn(`the commands could not be registered, trying again: ${outcome.reason}`);
      await clock.sleep(askAgainMs, signal);
    }
  };

  /** The numbers that only a look shows, until the signal. */
  const count = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const depth = await store.depth().catch(() => null);
      if (depth !== null) {
        const { owed, oldestAt } = depth;
        metrics.outboxOwed.set(owed);
        metrics.outboxOldestAge.set(oldestAt === null ? 0 : (clock.now() - oldestAt) / 1000);
      }
      const health = await store.health().catch(() => undefined);
      if (health !== undefined) sight.look(health);
      metrics.channelsPaused.set(delivery.closed());
      metrics.gatewayUp.set(gateway.health().connected ? 1 : 0);
      metrics.identifiesLastHour.set(gateway.identifiesLastHour());
      await clock.sleep(countEveryMs, signal);
    }
  };

  const sweep = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await standing
        .sweep()
        .catch((error: unknown) => logger.warn({ err: error }, 'subscriptions laid aside could not be looked through'));
      await clock.sleep(sweepEveryMs, signal);
    }
  };

  return {
    async run(signal) {
      if (discord.channelId !== null) await subscribeFirst(discord.channelId, signal);
      const ended = new AbortController();
      const both = AbortSignal.any([signal, ended.signal]);
      const listen = async (): Promise<BotEnd> => {
        const end = await gateway.run(both);
        if (end.kind === 'token-refused') ended.abort();
        return end;
      };
      try {
        // All at once, so that a part that fails is heard of while the others go on.
        const [end] = await Promise.all([
          listen(),
          delivery.run(both),
          operator.run(both),
          count(both),
          sweep(both),
          introduce(both),
          register(both),
        ]);
        return end;
      } finally {
        ended.abort();
      }
    },
    wake: () => delivery.wake(),
    troubles,
  };
}

function countRequests(metrics: Metrics) {
  return ({
    method,
    route,
    outcome,
    code,
  }: {
    readonly method: string;
    readonly route: string;
    readonly outcome: string;
    readonly code: number | null;
  }): void => {
    metrics.discordRequests.inc({ route: `${method} ${route}`, outcome });
    if (code !== null) metrics.discordErrors.inc({ code: String(code) });
  };
}
