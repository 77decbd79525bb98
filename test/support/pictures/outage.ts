import type { DiscordServer } from '../discord/server.js';
import type { Seen } from '../discord/gateway/interaction.js';
import type { Message } from '../discord/message.js';
import { seededRandom } from '../random.js';
import { northKorea, ServiceWorld } from '../process/service-world.js';

const second = 1_000;
const minute = 60 * second;
/** The times of 22 December 2014 by Dyn Research, moved to another day, because Discord's ids begin in 2015. */
const times = {
  rib: Date.parse('2026-03-02T12:00:00Z'),
  start: Date.parse('2026-03-02T12:07:00Z'),
  flapping: Date.parse('2026-03-02T16:05:00Z'),
  gone: Date.parse('2026-03-03T16:15:00Z'),
  asked: Date.parse('2026-03-03T17:02:00Z'),
  back: Date.parse('2026-03-04T01:46:00Z'),
  end: Date.parse('2026-03-04T02:00:00Z'),
} as const;

/** North Korea has no IPv6. These routes let IPv6 be judged at all. */
const ipv6Elsewhere = ['2001:200::/32', '2400:2000::/32', '2404:1a8::/32'];

/** A message, and the time at which the reader looks at it (Unix ms). */
export interface Shot {
  readonly message: Message;
  readonly at: number;
}

export interface Outage {
  /** The alert as it was posted. */
  readonly alert: Shot;
  readonly status: Shot;
  /** The reply that says the outage is over. */
  readonly restored: Shot;
}

/** Plays a day and a half of the whole service in some minutes: routes that come and go, an outage, its end. */
export async function tellOutage(): Promise<Outage> {
  const world = await ServiceWorld.open(times.start, { registry: 'shipped' });
  const { clock, discord } = world;
  try {
    world.publishRib(times.rib);
    world.publishUpdates(times.rib, times.rib + 10 * minute);
    const app = await world.start();
    await world.ready(app);
    await world.tick(app, 'announce', ipv6Elsewhere);
    const until = (at: number): Promise<void> => world.run(app, at - clock.now());

    for (const { from, to, lost } of losses()) {
      await until(from);
      await world.tick(app, 'withdraw', lost);
      await until(to);
      await world.tick(app, 'announce', lost);
    }
    await until(times.gone - 10 * second);
    await world.tick(app, 'withdraw');
    await world.run(app, 3 * minute);
    const alert = await posted(discord, 1, clock.now());

    await until(times.asked);
    const answer = await discord.interact({ command: 'status', options: { country: 'North Korea' } });
    const status = { message: copyOf(answerIn(answer)), at: clock.now() };

    await until(times.back - 10 * second);
    await world.tick(app, 'announce');
    await until(times.end);
    const restored = await posted(discord, discord.posted.length, clock.now());
    await app.stop();
    return { alert, status, restored };
  } finally {
    await world.close();
  }
}

/** Short losses, ever more frequent, each far too short to be an outage. */
function losses(): { readonly from: number; readonly to: number; readonly lost: readonly string[] }[] {
  const random = seededRandom(22_122_014);
  const all: { from: number; to: number; lost: readonly string[] }[] = [];
  for (let from: number = times.flapping; from < times.gone - 10 * minute;) {
    const lost = all.length % 3 === 0 ? northKorea : northKorea.slice(0, 2);
    all.push({ from, to: from + 30 * second + random() * 20 * second, lost });
    const past = (from - times.flapping) / (times.gone - times.flapping);
    from += (6 + (1 - past) * 80 * random() + 8 * random()) * minute;
  }
  return all;
}

async function posted(discord: DiscordServer, count: number, at: number): Promise<Shot> {
  await discord.until(() => discord.posted.length >= count);
  return { message: copyOf(discord.posted[count - 1]), at };
}

function answerIn({ messages }: Seen): Message {
  if (messages.length !== 1) throw new Error(`/status was answered with ${messages.length} messages`);
  return messages[0];
}

/** The message as it is now; later edits do not change the copy. */
function copyOf(message: Message): Message {
  return { ...message, edits: [...message.edits] };
}
