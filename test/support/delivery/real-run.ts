import type { Clock } from '../../../src/edges/clock.js';
import { Delivery, type Message } from '../../../src/edges/delivery/index.js';
import {
  createDiscordSend,
  createGateway,
  requestsPerSecond,
  type Gateway,
  type GatewayOptions,
} from '../../../src/edges/discord/index.js';
import { renderMessage } from '../../../src/edges/discord/messages/message.js';
import { createLogger } from '../../../src/edges/observability/index.js';
import { scheduleStart } from './delivery-schedule.js';
import type { Fault } from '../discord/faults.js';
import { DiscordServer } from '../discord/server.js';
import { LeapingClock } from '../clocks/leaping-clock.js';
import { MemoryDeliveryStore } from './memory-delivery-store.js';
import { seededRandom } from '../random.js';
import type { RealSchedule } from './real-schedule.js';

const times = 200;
/** The time within which everything must work again after the end of a schedule. */
const patienceMs = 12 * 3_600_000;
/** The client sends heartbeats in real time, and the bot waits for them in the schedule's. None is due in either. */
const heartbeatIntervalMs = 2_000_000_000;
const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });
const chart = { png: Buffer.from('89504e470d0a1a0a', 'hex'), altText: 'a chart' };

export interface RealRun {
  /** The messages in a channel. A message that no request of the bot caused is a fault. */
  heard(channelId: string): Message[];
  /** A channel for each message that was posted again although the first post may have arrived. */
  readonly doubtful: readonly string[];
  readonly lost: number;
  /** Channels and servers that the bot considered gone. */
  readonly gone: readonly string[];
  /** How many kills fell between a message and its acknowledgement. */
  readonly killed: number;
  /** By kind of fault, how many requests it struck. */
  readonly struck: ReadonlyMap<string, number>;
  readonly owed: number;
  /** What the bot's gateway reports as wrong at the end; null if nothing. */
  readonly unwell: string | null;
}

interface Act {
  readonly at: number;
  readonly act: () => void | Promise<void>;
}

interface Life {
  readonly gateway: Gateway;
  wake(): void;
  kill(): void;
}

/**
 * Plays a schedule with the bot's delivery, sender and gateway and the unmodified client against a loopback Discord.
 */
export async function runRealSchedule(schedule: RealSchedule, seed: number): Promise<RealRun> {
  const random = seededRandom(seed + 1_000_000);
  let underWay = 0;
  /** How often the gateway waits by the schedule's clock. Otherwise it is connected, or connecting in real time. */
  let gatewaySleeps = 0;
  let isOver = false;
  const present: { life: Life | null } = { life: null };
  const isConnecting = (): boolean => present.life?.gateway.health().connected === false && gatewaySleeps === 0;
  const clock: LeapingClock = new LeapingClock(
    scheduleStart,
    times,
    () => underWay > discord.hung || (isOver && isConnecting()),
  );
  const gatewayClock: Clock = {
    now: () => clock.now(),
    after: (ms, fn) => clock.after(ms, fn),
    async sleep(ms, signal) {
      gatewaySleeps++;
      await clock.sleep(ms, signal);
      gatewaySleeps--;
    },
  };
  // discord.js reads Date.now() for rate limits, so it must follow the schedule's clock.
  const realNow = Date.now;
  Date.now = () => clock.now();
  const store = new MemoryDeliveryStore();
  for (const subscription of schedule.subscriptions) await store.saveSubscription(subscription);
  const discord = new DiscordServer({ clock, rateLimits: true, heartbeatIntervalMs });
  for (const [id, { readable, embeds }] of schedule.channels) {
    discord.world.addChannel({ id });
    if (!readable) discord.world.deny(id, 'ReadMessageHistory');
    if (!embeds) discord.world.deny(id, 'EmbedLinks');
  }
  await discord.start();

  const asked = new Map<string, Message>();
  const gone: string[] = [];
  const struck = new Map<string, number>();
  const strike = (kind: string): void => void struck.set(kind, (struck.get(kind) ?? 0) + 1);
  const ends: Promise<unknown>[] = [];
  const doubtful: string[] = [];
  let lost = 0;
  let killed = 0;

  const busy = async <T>(work: Promise<T>): Promise<T> => {
    underWay++;
    return work.finally(() => underWay--);
  };

  /** One life of the bot. After kill() it changes nothing more, but requests that it had sent still arrive. */
  const live = (): Life => {
    const ended = new AbortController();
    const never = new Promise<never>(() => undefined);
    const mortalStore = new Proxy(store, {
      get:
        (target, name: keyof MemoryDeliveryStore) =>
        (...args: readonly unknown[]) =>
          ended.signal.aborted
            ? never
            : (target[name] as (...all: readonly unknown[]) => unknown).apply(target, [...args]),
    });
    const api = { token: discord.world.token, apiUrl: discord.apiUrl, clock };
    const gateway = createGateway({
      ...api,
      clock: gatewayClock,
      random,
      logger,
      commands: [],
      // The schedules use no command.
      deps: {} as GatewayOptions['deps'],
      onNotice: () => undefined,
      onCommand: () => undefined,
      onChannelsOpen: (channelIds) => delivery.reopen(channelIds),
      onGuildBack: (_guildId, channelIds) => delivery.reopen(channelIds),
      onChannelGone: (channelId) => gone.push(channelId),
      onGuildGone: (guildId) => gone.push(guildId),
    });
    const send = createDiscordSend({
      ...api,
      logger,
      lookUpChannel: (channelId) => gateway.lookUpChannel(channelId),
      charts: {
        ofEvent: ({ kind }) => Promise.resolve(kind === 'escalated' ? chart : null),
        ofCountry: () => Promise.resolve(null),
      },
    });
    const delivery = new Delivery({
      store: mortalStore,
      operatorChannelId: null,
      refresh: () => Promise.resolve(null),
      clock,
      random,
      logger,
      pollMs: Infinity,
      mostAtOnce: requestsPerSecond,
      send: {
        post: (channelId, message, signal) => {
          const { body } = renderMessage(message, channelId, { embed: false, chart: null, reply: false });
          asked.set(`${channelId} ${body.nonce ?? ''} ${body.content ?? ''}`, message);
          return busy(send.post(channelId, message, signal));
        },
        find: (...args) => busy(send.find(...args)),
        edit: (...args) => busy(send.edit(...args)),
        crosspost: (...args) => busy(send.crosspost(...args)),
      },
      report: { attempt: () => undefined, doubtful: (channelId) => doubtful.push(channelId), lost: () => lost++ },
    });
    void delivery.run(ended.signal);
    ends.push(gateway.run(ended.signal));
    return { gateway, wake: () => delivery.wake(), kill: () => ended.abort() };
  };

  const start = (): void => {
    present.life = live();
  };
  start();
  let outages = 0;
  const goDown = async (): Promise<void> => {
    if (outages++ === 0) await discord.stop();
  };
  const comeBack = async (): Promise<void> => {
    if (--outages === 0) await discord.start();
  };

  const kill = (downMs: number): void => {
    if (present.life === null) return;
    killed++;
    present.life.kill();
    present.life = null;
    clock.after(downMs, start);
  };

  const acts: Act[] = [
    ...schedule.events.map((event) => ({
      at: event.at,
      act: () => {
        store.append(event);
        present.life?.wake();
      },
    })),
    ...schedule.rest.flatMap(({ kind, from, to, chance }): Act[] => {
      if (kind === 'down') {
        return [
          {
            at: from,
            act: () => {
              strike(kind);
              return goDown();
            },
          },
          { at: to, act: () => comeBack() },
        ];
      }
      let end = (): void => undefined;
      return [
        {
          at: from,
          act: () => {
            end = discord.stand(
              faultOf(
                kind,
                (matches) => {
                  const strikes = matches && random() < chance;
                  if (strikes) strike(kind);
                  return strikes;
                },
                1 + Math.floor(random() * 5),
              ),
            );
          },
        },
        { at: to, act: () => end() },
      ];
    }),
    ...schedule.gateway.map(({ kind, at }) => ({
      at,
      act: () => {
        if (discord.gateway.sessions.some(({ connected }) => connected)) strike(kind);
        if (kind === '4004') discord.gateway.close(4004);
        else if (kind === 'op 7') discord.gateway.requestReconnect();
        else discord.gateway.invalidateSessions(kind === 'op 9' && random() < 0.5);
        if (kind === 'refused') discord.gateway.refuseSessions(2);
      },
    })),
    ...schedule.kills.map(({ at, nth, downMs }) => ({
      at,
      act: () => {
        const last = discord.posted.length + nth;
        // There may be no such message any more, so this wait has no end of its own.
        const killThen = async (): Promise<void> => {
          while (discord.posted.length < last) await discord.next();
          kill(downMs);
        };
        void killThen();
      },
    })),
  ];
  const { outage } = schedule;
  if (outage !== null) {
    acts.push(
      { at: outage.from, act: goDown },
      {
        at: outage.to,
        act: async () => {
          strike('outage');
          clock.jump(outage.leapMs);
          await comeBack();
        },
      },
    );
  }
  for (const { at, act } of acts.sort((a, b) => a.at - b.at)) {
    await clock.reach(at);
    await act();
  }

  isOver = true;
  const isDone = async (): Promise<boolean> => {
    const { owed } = await store.depth();
    const told = (await store.expansion())?.position === (await store.end());
    return owed === 0 && told && present.life?.gateway.health().connected === true;
  };
  await clock.until(isDone, schedule.end + patienceMs);
  const { owed } = await store.depth();
  const unwell = present.life === null ? 'the bot is dead' : present.life.gateway.health().reason;
  present.life?.kill();
  await Promise.all(ends);
  await discord.stop();
  clock.stop();
  Date.now = realNow;
  return {
    doubtful,
    lost,
    gone,
    killed,
    struck,
    owed,
    unwell,
    heard: (channelId) =>
      discord.posted
        .filter((posted) => posted.channelId === channelId)
        .map(({ nonce, content }) => {
          const message = asked.get(`${channelId} ${nonce ?? ''} ${content ?? ''}`);
          if (message === undefined) throw new Error(`nobody asked for "${content ?? ''}" in ${channelId}`);
          return message;
        }),
  };
}

const toMessages = /^\/channels\/\d+\/messages$/;

function faultOf(
  kind: Exclude<RealSchedule['rest'][number]['kind'], 'down'>,
  strikes: (matches: boolean) => boolean,
  seconds: number,
): Fault {
  const everywhere = (): boolean => strikes(true);
  const atMessages = ({ path }: { readonly path: string }): boolean => strikes(toMessages.test(path));
  switch (kind) {
    case '5xx':
      return { kind: 'error', status: 503, on: everywhere };
    case '429':
      return { kind: 'rate-limit', retryAfterSeconds: seconds, on: atMessages };
    case 'global-429':
      return { kind: 'rate-limit', retryAfterSeconds: seconds, global: true, on: everywhere };
    // At a login this would end the bot, and rightly.
    case '401':
      return { kind: 'error', status: 401, on: atMessages };
    // At a login the client would wait 15 s of real time.
    case 'hang':
      return { kind, on: ({ path }) => strikes(path !== '/gateway/bot') };
    case 'accept-then-reset':
    case 'accept-then-hang':
      return { kind, on: atMessages };
  }
}
