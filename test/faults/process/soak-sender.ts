/**
 * RIS Live at a steady rate, in a process of its own: sends a file of WebSocket frames (bench/worlds/messages.ts) over
 * and over, each stamped with the present second. Arguments: the file, messages a second, collectors. Prints its port.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { textsIn } from '../../../bench/worlds/messages.js';

const frames = readFileSync(process.argv[2]);
const rate = Number(process.argv[3]);
const collectors = process.argv[4].split(',');
const texts = textsIn(frames);
const everyMs = 5;
/** The position, within a text, of the digits of the seconds. */
const secondsAt = '{"type":"ris_message","data":{"timestamp":'.length;
/** RIS Live drops a client that leaves more than this unread. */
const mostWaiting = 64 * 1024 * 1024;

function framed(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([
    body.length < 126
      ? Buffer.from([0x81, body.length])
      : Buffer.from([0x81, 126, body.length >> 8, body.length & 255]),
    body,
  ]);
}

const server = createServer();
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.on('error', () => undefined);
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' +
      `${accept}\r\n\r\n`,
  );
  socket.once('data', () => {
    socket.resume();
    for (const host of collectors)
      socket.write(framed(JSON.stringify({ type: 'ris_subscribe_ok', data: { subscription: { host } } })));
    const startedAt = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) * rate) / 1000);
      // Half a second back, because the fraction in a text may add up to a second.
      const seconds = Buffer.from(String(Math.floor(Date.now() / 1000 - 0.5)));
      while (sent < due) {
        const first = sent % texts.length;
        const last = Math.min(texts.length, first + due - sent);
        for (let index = first; index < last; index++) seconds.copy(texts[index], secondsAt);
        // A copy, because what waits in the socket must not change.
        const from = texts[first].byteOffset - 4;
        const to = texts[last - 1].byteOffset + texts[last - 1].length;
        socket.write(Buffer.from(frames.subarray(from - frames.byteOffset, to - frames.byteOffset)));
        sent += last - first;
      }
      if (socket.writableLength > mostWaiting) {
        process.send?.('too slow');
        socket.destroy();
      }
    }, everyMs);
    socket.on('close', () => clearInterval(timer));
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
