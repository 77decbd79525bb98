import type { Clock } from '../../src/clock.js';
import { createDelivery, planOf, toldAfter, type Delivery, type Message, type Subscription, type Told } from '../../src/delivery/index.js';
import type { IncidentEvent } from '../../src/incidents/index.js';
import { createLogger } from '../../src/observability/index.js';
import { scheduleStart, type DeliverySchedule } from './delivery-schedule.js';
import { MemoryDeliveryStore } from './memory-delivery-store.js';
import { QuickClock } from './quick-clock.js';
import { seededRandom } from './random.js';
import { VirtualDiscord } from './virtual-discord.js';

const pollMs = 3_000;
const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });

export interface DeliveryRun {
  readonly discord: VirtualDiscord;
  readonly store: MemoryDeliveryStore;
  /** How often a message was posted that may have stood there already. */
  readonly doubtful: number;
  readonly lost: number;
}

/** Plays a schedule to its end: the bot lives and is killed, events come, Discord and the store have their troubles. */
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

  /** One life of the bot: after kill() nothing of it has any effect, though what it had sent still arrives. */
  const live = (): { readonly delivery: Delivery; kill(): void } => {
    let dead = false;
    const mortal = clock.mortal(() => dead);
    // This process hears of every event by wake(): its polls are left out.
    const quiet: Clock = { ...mortal, after: (ms, fn) => (ms === pollMs ? () => undefined : mortal.after(ms, fn)) };
    const never = new Promise<never>(() => undefined);
    const mortalStore = new Proxy(store, {
      get: (target, name: keyof MemoryDeliveryStore) => (...args: readonly unknown[]) =>
        dead ? never : (target[name] as (...all: readonly unknown[]) => unknown).apply(target, [...args]),
    });
    const delivery = createDelivery({
      store: mortalStore, send: discord.sender(mortal), operatorChannelId: null, refresh: () => Promise.resolve(null), clock: quiet, random, logger,
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

  // Before anything happened, so that the first event counts.
  let life: ReturnType<typeof live> | null = live();
  const acts: { at: number; act: () => void }[] = [
    ...schedule.events.map((event) => ({ at: event.at, act: (): void => {
      store.append(event);
      life?.delivery.wake();
    } })),
    ...schedule.kills.flatMap(({ at, downMs }) => [
      { at, act: (): void => {
        life?.kill();
        life = null;
      } },
      { at: at + downMs, act: (): void => {
        life ??= live();
      } },
    ]),
  ].sort((a, b) => a.at - b.at);
  for (const { at, act } of acts) {
    await clock.runUntil(at);
    act();
  }
  await clock.runUntil(schedule.end);
  (life as ReturnType<typeof live> | null)?.kill();
  return { discord, store, doubtful, lost };
}

interface Step {
  readonly id: string;
  readonly part: string;
  readonly incident: string | null;
  readonly position: number;
}

/** What a channel would hear if nothing ever went wrong. */
export function undisturbed(events: readonly IncidentEvent[], subscription: Subscription): Step[] {
  const told = new Map<string, Told>();
  return events.flatMap((event, index): Step[] => {
    const before = event.incident === null ? null : told.get(event.incident) ?? null;
    const plan = planOf(event, subscription, before, event.at);
    const after = toldAfter(plan, { event, position: index + 1 }, subscription.channelId, before, 'x', event.at);
    if (after !== null) told.set(after.incident, after);
    return plan.kind === 'post' ? [{ id: event.id, part: plan.part, incident: event.incident, position: index + 1 }] : [];
  });
}

/** What is wrong with what a channel heard, a sentence each. Doubles are left out: see `doubles`. */
export function faultsIn(channelId: string, { discord }: DeliveryRun, { events, subscriptions }: DeliverySchedule): string[] {
  const subscription = subscriptions.find((one) => one.channelId === channelId)!;
  const expected = undisturbed(events, subscription);
  const positionOf = new Map(events.map(({ id }, index) => [id, index + 1]));
  const heard = withoutDoubles(discord.in(channelId).map(({ message }) => message));
  const backlogs = heard.filter((message) => message.kind === 'backlog');
  const alerts = heard.filter((message) => message.kind === 'alert');
  const wrong: string[] = [];
  if (backlogs.length === 0) {
    const said = alerts.map(({ event, part }) => `${event.id} ${part}`).join(', ');
    const wanted = expected.map(({ id, part }) => `${id} ${part}`).join(', ');
    if (said !== wanted) wrong.push(`heard [${said}], not [${wanted}]`);
    return wrong;
  }
  const alerted = new Set(alerts.map(({ event }) => event.id));
  for (const { id, incident, position } of expected) {
    const summed = backlogs.some(({ events: lines }) => lines.some((line) => line.incident === incident && positionOf.get(line.id)! >= position));
    if (!alerted.has(id) && !summed) wrong.push(`never heard ${id}`);
    if (alerted.has(id) && backlogs.some(({ events: lines }) => lines.some((line) => line.id === id))) wrong.push(`heard ${id} twice, once in a backlog`);
  }
  const wanted = new Set(expected.map(({ id }) => id));
  const summedUp = new Set(backlogs.flatMap(({ events: lines }) => lines.map(({ incident }) => incident)));
  for (const { event } of alerts) if (!wanted.has(event.id) && !summedUp.has(event.incident)) wrong.push(`heard ${event.id} unasked`);
  let last = 0;
  for (const message of heard) {
    const position = message.kind === 'alert' ? positionOf.get(message.event.id)! : message.kind === 'backlog' ? Math.max(...message.events.map(({ id }) => positionOf.get(id)!)) : 0;
    if (position < last) wrong.push(`${footer(message)} came after what is newer`);
    last = position;
  }
  return wrong;
}

/** Messages that stand in a channel more than once. */
export function doubles(channelId: string, { discord }: DeliveryRun): string[] {
  const seen = new Set<string>();
  return discord.in(channelId).flatMap(({ message }) => {
    const key = footer(message);
    if (seen.has(key)) return [key];
    seen.add(key);
    return [];
  });
}

function withoutDoubles(messages: readonly Message[]): Message[] {
  const seen = new Set<string>();
  return messages.filter((message) => !seen.has(footer(message)) && seen.add(footer(message)));
}

function footer(message: Message): string {
  return message.kind === 'notice' ? message.id : message.kind === 'alert' ? message.event.id : `backlog ${message.events.map(({ id }) => id).join(' ')}`;
}
