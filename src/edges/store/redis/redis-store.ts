import type { Commit, CountryRecord } from '../../../core/incidents/index.js';
import { expiryOf, packRow, placeOf, spansOf, unpackRows } from '../packing.js';
import type { Store, StoreLog } from '../store.js';
import { parseEvent, parseHealth, parseState } from '../versions.js';
import { connect } from './connection.js';
import { createRedisDelivery } from './delivery.js';
import { keys } from './keys.js';
import { repliesOf } from './replies.js';

/**
 * The store for separate roles and standbys. A lease lives for its ttl on the server's clock. Every call answers within
 * the command timeout; while the server is away it throws StoreUnavailableError.
 */
export async function openRedisStore(url: string, log: StoreLog): Promise<Store> {
  const connection = await connect(url, log);
  const { client, ask } = connection;
  return {
    async acquire(holder, ttlMs) {
      const epoch = await ask(client.acquireLease(keys.head, keys.lease, holder, ttlMs));
      return epoch === null ? null : { holder, epoch };
    },
    async renew({ holder, epoch }, ttlMs) {
      return (await ask(client.renewLease(keys.head, keys.lease, holder, epoch, ttlMs))) === 1;
    },
    async release({ holder, epoch }) {
      await ask(client.releaseLease(keys.head, keys.lease, holder, epoch));
    },
    async load() {
      const answers = await ask(client.multi().hget(keys.head, 'version').hvals(keys.states).exec().then(repliesOf));
      const [version, states] = answers as [string | null, string[]];
      return { version: Number(version ?? 0), states: states.map((body) => parseState(body)) };
    },
    async commit(batch) {
      const { keyList, argumentList } = commitArguments(batch);
      return ask(client.commitBatch(keyList.length, ...keyList, ...argumentList));
    },
    async history(country, resolution, from, to) {
      const spans = spansOf(resolution, from, to);
      const pipeline = client.pipeline();
      for (const { day, start, end } of spans)
        pipeline.getrangeBuffer(keys.day(country, resolution, day), start, end - 1);
      const packed = (await ask(pipeline.exec().then(repliesOf))) as Buffer[];
      return spans.flatMap(({ day, start }, index) => unpackRows(country, resolution, day, start, packed[index]));
    },
    async states() {
      return (await ask(client.hvals(keys.states))).map((body) => parseState(body));
    },
    async record(country) {
      const body = await ask(client.hget(keys.records, country));
      return body === null ? null : (JSON.parse(body) as CountryRecord);
    },
    async records() {
      return (await ask(client.hvals(keys.records))).map((body) => JSON.parse(body) as CountryRecord);
    },
    async health() {
      const body = await ask(client.get(keys.health));
      return body === null ? null : parseHealth(body);
    },
    async incidents(from, country) {
      const all = await ask(client.zrangebyscore(keys.incidentEnds, from, '+inf'));
      // A group's code may begin with its country's.
      const wanted =
        country === null
          ? all
          : all.filter((id) => id.startsWith(`${country}-ipv4-`) || id.startsWith(`${country}-ipv6-`));
      if (wanted.length === 0) return [];
      const bodies = await ask(client.hmget(keys.incidents, ...wanted));
      const events = bodies.flatMap((body) => (body === null ? [] : [parseEvent(body)]));
      return events.sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
    },
    async readAfter(position, limit) {
      const entries = await ask(client.xrange(keys.events, `${position + 1}-0`, '+', 'COUNT', limit));
      return entries.map(([id, fields]) => ({ position: Number.parseInt(id), event: parseEvent(fields[1]) }));
    },
    async end() {
      return Number((await ask(client.hget(keys.head, 'end'))) ?? 0);
    },
    async cursor(target) {
      const position = await ask(client.hget(keys.cursors, target));
      return position === null ? null : Number(position);
    },
    async moveCursor(target, position) {
      await ask(client.advanceCursor(keys.cursors, target, position));
    },
    ...createRedisDelivery(connection),
    close() {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** The keys and arguments of the commit script. Rows that would be too old to be kept are left out. */
function commitArguments(batch: Commit): { keyList: string[]; argumentList: (string | number | Buffer)[] } {
  const { lease, version, at, states, rows, events, records, health } = batch;
  const keyList: string[] = [
    keys.head,
    keys.states,
    keys.events,
    keys.records,
    keys.health,
    keys.incidents,
    keys.incidentEnds,
  ];
  const argumentList: (string | number | Buffer)[] = [
    lease.holder,
    lease.epoch,
    version,
    states.length,
    events.length,
    records.length,
    health === null ? '' : JSON.stringify(health),
  ];
  for (const state of states) argumentList.push(state.country, JSON.stringify(state));
  for (const event of events) argumentList.push(JSON.stringify(event));
  for (const record of records) argumentList.push(record.country, JSON.stringify(record));
  for (const row of rows) {
    const { day, offset } = placeOf(row);
    const expiresIn = expiryOf(row.resolution, day) - at;
    if (expiresIn <= 0) continue;
    keyList.push(keys.day(row.country, row.resolution, day));
    argumentList.push(offset, packRow(row.values), expiresIn);
  }
  return { keyList, argumentList };
}
