/**
 * Discord as far as a bot that posts can tell, in a process of its own: prints its port, takes every message at once,
 * and says when its last byte came and of which event it tells. Without limits: what is measured is the bot and its own
 * pace. Ends with its parent.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message that came. */
export interface Arrival {
  /** In Unix milliseconds, with their fractions. */
  readonly at: number;
  readonly channelId: string;
  /** Of the event, from the embed's footer; null where there was none. */
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
