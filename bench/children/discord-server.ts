/**
 * A stand-in for Discord in a process of its own, as far as posting needs one: prints its port, accepts every message
 * at once, and reports when the last byte of each arrived and which event it tells. It has no rate limits, because the
 * bot and its own pace are measured. Ends with its parent.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message that arrived. */
export interface Arrival {
  /** Unix milliseconds with fractions. */
  readonly at: number;
  readonly channelId: string;
  /** The event's id, from the embed's footer; null if there was none. */
  readonly eventId: string | null;
  readonly hasChart: boolean;
}

const messages = /^\/api\/v10\/channels\/(\d+)\/messages$/;
let count = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const at = performance.timeOrigin + performance.now();
    const channelId = messages.exec(request.url ?? '')?.[1];
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'POST' || channelId === undefined) {
      response.writeHead(404).end('{"code":0,"message":"404: Not Found"}');
      return;
    }
    response.end(`{"id":"${++count}","channel_id":"${channelId}"}`);
    const body = Buffer.concat(chunks).toString('latin1');
    const eventId = /"footer":\{"text":"(\S+)/.exec(body)?.[1] ?? null;
    const arrival: Arrival = { at, channelId, eventId, hasChart: body.includes('image/png') };
    process.send?.(arrival);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
