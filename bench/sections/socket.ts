/**
 * The whole pipeline behind the RIS Live socket, compared with `ws` that only receives, or only receives and parses.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { systemClock } from '../../src/edges/clock.js';
import { createRisLiveFeed } from '../../src/edges/feed/index.js';
import { parse } from './core.js';
import { blockCount, blockMs, type Messages } from '../worlds/messages.js';
import { interleaved } from '../rounds.js';
import type { Watch } from '../worlds/watch.js';

const rounds = 7;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface SocketRates {
  /** Messages a second. */
  readonly nothing: number;
  readonly parse: number;
  readonly pipeline: number;
}

export async function measureSocket(
  watch: Watch,
  { frames, texts }: Messages,
  serverScript: string,
  dir: string,
): Promise<SocketRates> {
  const file = join(dir, 'frames');
  writeFileSync(file, frames);
  const server = fork(serverScript, [file], { execArgv: [] });
  try {
    const [port] = (await once(server, 'message')) as [number];
    const url = `ws://127.0.0.1:${port}/`;
    const medians = await interleaved(rounds, [
      { name: 'nothing', run: () => receive(url, texts.length, () => undefined) },
      { name: 'parse', run: () => receive(url, texts.length, parse) },
      {
        name: 'pipeline',
        run: () => pipeline(watch, `${url}?postpone=${(blockCount * blockMs) / 1000}`, texts.length),
      },
    ]);
    const rate = (name: string): number => texts.length / (medians.get(name)! / 1000);
    return { nothing: rate('nothing'), parse: rate('parse'), pipeline: rate('pipeline') };
  } finally {
    server.kill();
  }
}

/** Milliseconds from the first message to the last. */
async function receive(url: string, count: number, use: (text: Buffer) => unknown): Promise<number> {
  const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
  let left = count + 1; // the acknowledgement
  let startedAt = 0;
  socket.on('open', () => socket.send('{"type":"ris_subscribe","data":{}}'));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (text: Buffer) => {
      if (startedAt === 0) startedAt = performance.now();
      use(text);
      if (--left > 0) return;
      const ms = performance.now() - startedAt;
      socket.terminate();
      resolve(ms);
    });
  });
}

async function pipeline(watch: Watch, url: string, count: number): Promise<number> {
  let startedAt = 0;
  return new Promise((resolve, reject) => {
    const feed = createRisLiveFeed({
      url,
      collectors: 'all',
      peers: watch.peers,
      clock: systemClock,
      random: () => 0,
      log: quiet,
      onBatch(batch) {
        watch.updates(batch);
        if (feed.decoded.messages < count) return;
        feed.stop();
        resolve(performance.now() - startedAt);
      },
      onGap: () => undefined,
      onState(state) {
        if (state.kind === 'live') startedAt = performance.now();
        if (state.kind === 'down') reject(new Error(state.reason));
      },
    });
    feed.start();
  });
}
