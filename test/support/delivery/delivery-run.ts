import { Delivery } from '../../../src/edges/delivery/index.js';
import { requestsPerSecond } from '../../../src/edges/discord/rest/requests-per-second.js';
import { createLogger } from '../../../src/edges/observability/index.js';
import { scheduleStart, type DeliverySchedule } from './delivery-schedule.js';
import { MemoryDeliveryStore } from './memory-delivery-store.js';
import { QuickClock } from '../clocks/quick-clock.js';
import { seededRandom } from '../random.js';
import { VirtualDiscord } from './virtual-discord.js';

/** Longer than any request takes. */
const afterwardsMs = 20 * 60_000;
const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });

export interface DeliveryRun {
  readonly discord: VirtualDiscord;
  readonly store: MemoryDeliveryStore;
  /** How many messages were posted again although the first post may have arrived. */
  readonly doubtful: number;
  readonly lost: number;
}

/**
 * Plays a schedule to its end: the bot starts and is killed, events come, and Discord and the store fail as scheduled.
 */
export async function runSchedule(schedule: DeliverySchedule, seed: number): Promise<DeliveryRun> {
  const clock = new QuickClock(scheduleStart);
  const random = seededRandom(seed + 1_000_000);
  const store = new MemoryDeliveryStore();
  const discord = new VirtualDiscord(schedule.channels, schedule.faults, random);
  let doubtful = 0;
  let lost = 0;
  for (const subscription of schedule.subscriptions) await store.saveSubscription(subscription);
  store.onCall = () => {
    const now = clock.now();
    if (schedule.storeAway.some(({ from, to }) => now >= from && now < to)) throw new Error('the store is away');
  };
  if (schedule.lossyStore) {
    store.onAnswer = (name) => {
      if (['owe', 'acknowledge', 'combine'].includes(name) && random() < 0.02) throw new Error('the answer was lost');
    };
  }

  /** One life of the bot. After kill() it changes nothing more, but requests that it had sent still arrive. */
  const live = (): { readonly delivery: Delivery; kill(): void } => {
    let dead = false;
    const mortal = clock.mortal(() => dead);
    const never = new Promise<never>(() => undefined);
    const mortalStore = new Proxy(store, {
      get:
        (target, name: keyof MemoryDeliveryStore) =>
        (...args: readonly unknown[]) =>
          dead ? never : (target[name] as (...all: readonly unknown[]) => unknown).apply(target, [...args]),
    });
    const delivery = new Delivery({
      store: mortalStore,
      send: discord.sender(mortal),
      operatorChannelId: null,
      refresh: () => Promise.resolve(null),
      clock: mortal,
      random,
      logger,
      pollMs: Infinity,
      mostAtOnce: requestsPerSecond,
      report: { attempt: () => undefined, doubtful: () => doubtful++, lost: () => lost++ },
    });
    void delivery.run(new AbortController().signal);
    return {
      delivery,
      kill: () => {
        dead = true;
      },
    };
  };

  // Started before anything happens, so that the first event counts.
  let life: ReturnType<typeof live> | null = live();
  const acts: { at: number; act: () => void }[] = [
    ...schedule.events.map((event) => ({
      at: event.at,
      act: (): void => {
        store.append(event);
        life?.delivery.wake();
      },
    })),
    ...schedule.kills.flatMap(({ at, downMs }) => [
      {
        at,
        act: (): void => {
          life?.kill();
          life = null;
        },
      },
      {
        at: at + downMs,
        act: (): void => {
          life ??= live();
        },
      },
    ]),
  ].sort((a, b) => a.at - b.at);
  for (const { at, act } of acts) {
    await clock.runUntil(at);
    act();
  }
  // A channel that is owed nothing may still get requests that are under way. Hours later none is left.
  const troubled = Math.max(...schedule.faults.map(({ to }) => to), ...schedule.storeAway.map(({ to }) => to));
  for (let isOver = false; !isOver && clock.now() < schedule.end;) {
    isOver = clock.now() > troubled && (await store.depth()).owed === 0;
    await clock.runUntil(Math.min(schedule.end, clock.now() + afterwardsMs));
  }
  (life as ReturnType<typeof live> | null)?.kill();
  return { discord, store, doubtful, lost };
}
