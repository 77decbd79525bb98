import type { Owed, Priority, ToldRecord } from '../../delivery/index.js';
import { forgetBefore, overAtOf } from '../delivery-rules.js';
import type { DeliveryStore } from '../store.js';
import { readSubscription } from '../versions.js';
import type { Connection } from './connection.js';
import { keys } from './keys.js';
import { repliesOf } from './replies.js';

/** Heads asked for in one go: Redis answers others in between. */
const headsAtOnce = 500;

export function createRedisDelivery({ client, ask }: Connection): DeliveryStore {
  return {
    async expansion() {
      const [position, channelId] = await ask(client.hmget(keys.expansion, 'position', 'channel'));
      return position === null ? null : { position: Number(position), channelId: channelId === '' ? null : channelId };
    },
    async owe(chunk, { position, channelId }) {
      const keyList = [keys.owing, keys.owedTimes, keys.expansion, ...chunk.map((row) => keys.owed(row.channelId))];
      const rows = chunk.flatMap((row) => [row.channelId, row.position, row.owedAt, rowOf(row)]);
      await ask(client.oweChunk(keyList.length, ...keyList, position, channelId ?? '', ...rows));
    },
    async heads() {
      const channelIds = (await ask(client.smembers(keys.owing))).sort(asText);
      const heads: Owed[] = [];
      for (let first = 0; first < channelIds.length; first += headsAtOnce) {
        const some = channelIds.slice(first, first + headsAtOnce);
        const pipeline = client.pipeline();
        for (const channelId of some) pipeline.zrange(keys.owed(channelId), 0, '0');
        const answers = (await ask(pipeline.exec().then(repliesOf))) as string[][];
        // None for a channel that was served since.
        heads.push(...answers.flatMap((rows, index) => rows.map((row) => owedFrom(some[index], row))));
      }
      return heads;
    },
    async channel(channelId, limit) {
      const snapshot = client
        .multi()
        .hget(keys.subscriptions, channelId)
        .zrange(keys.owed(channelId), '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, limit)
        .hvals(keys.told(channelId));
      const [subscription, owed, told] = (await ask(snapshot.exec().then(repliesOf))) as [
        string | null,
        string[],
        string[],
      ];
      return {
        subscription: subscription === null ? null : readSubscription(subscription),
        owed: owed.map((row) => owedFrom(channelId, row)),
        told: told.map((body) => JSON.parse(body) as ToldRecord).sort((a, b) => asText(a.incident, b.incident)),
      };
    },
    async acknowledge(owed, told) {
      const { channelId, position } = owed;
      const toldList = told.flatMap((row) => [row.incident, JSON.stringify(row), overAtOf(row) ?? '']);
      await ask(
        client.acknowledgeOwed(
          keys.owing,
          keys.owedTimes,
          keys.owed(channelId),
          keys.told(channelId),
          keys.toldOver(channelId),
          channelId,
          position,
          startOf(owed),
          forgetBefore(owed, told),
          ...toldList,
        ),
      );
    },
    async combine(rows, into) {
      const { channelId, position, owedAt } = into;
      const replaced = rows.flatMap((row) => [row.position, startOf(row)]);
      await ask(
        client.combineOwed(
          keys.owing,
          keys.owedTimes,
          keys.owed(channelId),
          channelId,
          position,
          owedAt,
          rowOf(into),
          ...replaced,
        ),
      );
    },
    async depth() {
      const snapshot = client.multi().zcard(keys.owedTimes).zrange(keys.owedTimes, 0, '0', 'WITHSCORES');
      const [owed, oldest] = (await ask(snapshot.exec().then(repliesOf))) as [number, string[]];
      return { owed, oldestAt: oldest.length === 0 ? null : Number(oldest[1]) };
    },
    async subscriptions() {
      const all = (await ask(client.hvals(keys.subscriptions))).map((body) => readSubscription(body));
      return all.sort((a, b) => asText(a.channelId, b.channelId));
    },
    async subscription(channelId) {
      const body = await ask(client.hget(keys.subscriptions, channelId));
      return body === null ? null : readSubscription(body);
    },
    async saveSubscription(subscription) {
      await ask(client.hset(keys.subscriptions, subscription.channelId, JSON.stringify(subscription)));
    },
    async removeSubscription(channelId) {
      await ask(
        client.dropSubscription(
          keys.owing,
          keys.owedTimes,
          keys.owed(channelId),
          keys.told(channelId),
          keys.toldOver(channelId),
          keys.subscriptions,
          channelId,
        ),
      );
    },
    async note(name) {
      return ask(client.hget(keys.notes, name));
    },
    async setNote(name, value) {
      await ask(client.hset(keys.notes, name, value));
    },
  };
}

/** What a row begins with: it says which message it is. */
function startOf({ positions }: Owed): string {
  return `{"positions":${JSON.stringify(positions)},`;
}

function rowOf(owed: Owed): string {
  const { position, priority, owedAt } = owed;
  return startOf(owed) + JSON.stringify({ position, priority, owedAt }).slice(1);
}

function owedFrom(channelId: string, row: string): Owed {
  return {
    channelId,
    ...(JSON.parse(row) as { positions: number[]; position: number; priority: Priority; owedAt: number }),
  };
}

function asText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
