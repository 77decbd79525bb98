import { createRequire } from 'node:module';
import { createCountryDirectory } from '../../core/countries/index.js';
import { dayMs, minuteMs, secondMs } from '../../core/time.js';
import type { Clock } from '../../edges/clock.js';
import { inviteLink, type Config } from '../../edges/config/index.js';
import {
  createEditSubscription,
  createOperator,
  Delivery,
  type EditSubscription,
  type Operator,
  type Send,
} from '../../edges/delivery/index.js';
import {
  commands,
  createDiscordSend,
  createGateway,
  requestsPerSecond,
  type ApiOptions,
  type Charts,
  type Gateway,
} from '../../edges/discord/index.js';
import type { Logger, Metrics } from '../../edges/observability/index.js';
import type { Store } from '../../edges/store/index.js';
import { RateLimit, retry } from '../../edges/waiting/index.js';
import { countDelivery, countRequests, updateGauges } from './bot-metrics.js';
import { createCharts } from './charts.js';
import { IngestWatchdog } from './ingest-watchdog.js';
import { refreshEvent } from './refresh-event.js';
import { introduce, register } from './start-up.js';
import { SubscriptionKeeper } from './subscription-keeper.js';

const developerPortal = 'https://discord.com/developers/applications';
/**
 * How often the event log is read without a word that there is something new. In a store of one process that is only in
 * case a word got lost.
 */
const pollMs = { shared: 3 * secondMs, own: minuteMs };
const lookEveryMs = 15 * secondMs;
/** The oldest message may wait this long: longer than a restart of the bot, or a hiccup of Discord. */
const lateMs = 5 * minuteMs;
const storeRetryMs = 5 * secondMs;

export interface BotOptions {
  readonly discord: NonNullable<Config['discord']>;
  readonly apiUrl: string;
  readonly groups: Config['countries']['groups'];
  readonly store: Store;
  /** Whether another process may write events, of which only the store tells. */
  readonly storeIsShared: boolean;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** To the terminal. */
  readonly say: (text: string) => void;
}

/** Why the bot ended: 'token-refused' is for its operator to mend. */
export type BotEnd = { readonly kind: 'stopped' } | { readonly kind: 'token-refused'; readonly reason: string };

/** Everything that speaks to Discord: alerts go out over REST, commands come in through the gateway. */
export class Bot {
  readonly #options: BotOptions;
  readonly #api: ApiOptions;
  readonly #keeper: SubscriptionKeeper;
  readonly #operator: Operator;
  readonly #delivery: Delivery;
  readonly #watchdog: IngestWatchdog;
  readonly #gateway: Gateway;
  /** null until Discord has said it. */
  #applicationId: string | null = null;

  constructor(options: BotOptions) {
    const { discord, apiUrl, store, clock, random, logger, metrics } = options;
    const { token, operatorChannelId } = discord;
    this.#options = options;
    this.#api = { token, apiUrl, clock, onRequest: countRequests(metrics) };
    const charts = createCharts({ reader: store, logger });
    const editSubscription = createEditSubscription(store);
    this.#keeper = new SubscriptionKeeper({ store, editSubscription, logger, clock });
    const send = createDiscordSend({
      ...this.#api,
      rateLimit: new RateLimit(clock, requestsPerSecond),
      logger,
      charts,
      lookUpChannel: (channelId) => this.#gateway.lookUpChannel(channelId),
    });
    this.#operator = createOperator({ send, channelId: operatorChannelId, clock, random, logger });
    this.#watchdog = new IngestWatchdog({ notify: (text) => this.#operator.notify(text), now: () => clock.now() });
    this.#delivery = this.#createDelivery(send, editSubscription);
    this.#gateway = this.#createGateway(send, editSubscription, charts);
  }

  async run(signal: AbortSignal): Promise<BotEnd> {
    const { discord, store, logger, metrics, say } = this.#options;
    if (discord.channelId !== null) await this.#subscribeFirst(discord.channelId, signal);
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    const listen = async (): Promise<BotEnd> => {
      const end = await this.#gateway.run(both);
      if (end.kind === 'token-refused') ended.abort();
      return end;
    };
    const gauges = { store, metrics, delivery: this.#delivery, gateway: this.#gateway, watchdog: this.#watchdog };
    const atStart = { ...this.#api, ...discord, commands, store, logger, say };
    const sweep = (): Promise<void> =>
      this.#keeper
        .sweep()
        .catch((error: unknown) => logger.warn({ err: error }, 'subscriptions put aside could not be looked through'));
    try {
      // All at once, so that a part that fails is noticed while the others go on.
      const [end] = await Promise.all([
        listen(),
        this.#delivery.run(both),
        this.#operator.run(both),
        this.#every(lookEveryMs, both, () => updateGauges(gauges, this.#options.clock.now())),
        this.#every(dayMs, both, sweep),
        introduce(atStart, both).then((applicationId) => (this.#applicationId = applicationId)),
        register(atStart, both),
      ]);
      return end;
    } finally {
      ended.abort();
    }
  }

  /** New events were committed. */
  wake(): void {
    this.#delivery.wake();
  }

  /** Why it cannot tell or answer just now, a sentence each; empty while all is well. */
  troubles(): readonly string[] {
    const since = this.#delivery.waitingSince();
    const isLate = since !== null && this.#options.clock.now() - since > lateMs;
    const late = isLate ? `messages wait since ${new Date(since).toISOString()}` : null;
    return [this.#gateway.health().reason, this.#delivery.trouble() ?? late, this.#watchdog.trouble()].filter(
      (trouble) => trouble !== null,
    );
  }

  #createDelivery(send: Send, editSubscription: EditSubscription): Delivery {
    const { discord, store, storeIsShared, clock, random, logger, metrics } = this.#options;
    return new Delivery({
      store,
      send,
      operatorChannelId: discord.operatorChannelId,
      editSubscription,
      clock,
      random,
      logger,
      mostAtOnce: requestsPerSecond,
      pollMs: storeIsShared ? pollMs.shared : pollMs.own,
      refresh: (event) => refreshEvent(event, store, clock.now()),
      report: {
        ...countDelivery(metrics),
        lost: (channelId, reason) =>
          this.#operator.notify(
            `A message to channel ${channelId} was given up, for Discord takes neither it nor its text alone: ${reason}`,
          ),
      },
    });
  }

  #createGateway(send: Send, editSubscription: EditSubscription, charts: Charts): Gateway {
    const { groups, store, random, logger, metrics } = this.#options;
    const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };
    return createGateway({
      ...this.#api,
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
        troubles: () => this.troubles(),
        directory: createCountryDirectory(groups),
        troubleOf: (channelId) => this.#delivery.troubleOf(channelId),
        logEnd: () => store.end(),
        inviteLink: () => (this.#applicationId === null ? developerPortal : inviteLink(this.#applicationId)),
      },
      onNotice: (text) => this.#operator.notify(text),
      onCommand: (command, outcome, seconds) => {
        metrics.commands.inc({ command, outcome });
        metrics.commandSeconds.observe({ command }, seconds);
      },
      onChannelsOpen: (channelIds) => this.#delivery.reopen(channelIds),
      onChannelGone: (channelId, reason) => this.#keeper.channelGone(channelId, reason),
      onGuildGone: (guildId, reason) => this.#keeper.guildGone(guildId, reason),
      onGuildBack: (guildId, channelIds) => {
        this.#keeper.guildBack(guildId, channelIds);
        this.#delivery.reopen(channelIds);
      },
    });
  }

  /** Waits until the store has the subscription: before that nothing may be told. */
  async #subscribeFirst(channelId: string, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    await retry(() => this.#keeper.firstChannel(channelId), {
      clock,
      signal,
      backOff: () => storeRetryMs,
      onFailure: (error) => logger.warn({ err: error }, 'DISCORD_CHANNEL_ID cannot be subscribed, trying again'),
    });
  }

  async #every(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await act();
      await this.#options.clock.sleep(ms, signal);
    }
  }
}
