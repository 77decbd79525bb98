/**
 * The other end of the socket, in a process of its own: prints its port, and after the handshake (RFC 6455) answers the
 * client's first message with a file of WebSocket frames, as fast as the client reads. The frames are made beforehand,
 * because a sender that computes would be the slowest part of the measurement. Ends with its parent.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { postpone, textsIn } from '../worlds/messages.js';

const frames = readFileSync(process.argv[2]);
const texts = textsIn(frames);
const acknowledged = '{"type":"ris_subscribe_ok","data":{"subscription":{}}}';
const chunkOctets = 1 << 20;

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
  const seconds = Number(new URL(request.url ?? '/', 'ws://localhost').searchParams.get('postpone'));
  if (seconds > 0) postpone(texts, seconds);
  socket.once('data', () => {
    socket.write(Buffer.concat([Buffer.from([0x81, acknowledged.length]), Buffer.from(acknowledged)]));
    let pos = 0;
    const send = (): void => {
      while (pos < frames.length && !socket.destroyed) {
        const chunk = frames.subarray(pos, pos + chunkOctets);
        pos += chunk.length;
        if (!socket.write(chunk)) {
          socket.once('drain', send);
          return;
        }
      }
    };
    send();
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
