import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findRedisServer } from './redis-binary.js';
import type { RedisBinary } from './redis-binary.js';

/** A redis-server on loopback for one test, with a private folder. */
export interface RedisServer {
  /** Includes the password, if there is one. */
  readonly url: string;
  /** SIGSTOP makes the server hang, SIGCONT lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Kills it, as a crash would. */
  kill(): Promise<void>;
  /** After kill(): starts the same server again, with the content of its append-only file. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Resolves when it accepts connections. `durable`: every write is on disk before it is acknowledged. */
export async function startRedisServer(
  options: { readonly password?: string; readonly durable?: boolean } = {},
): Promise<RedisServer> {
  const binary = await findRedisServer();
  const folder = mkdtempSync(join(tmpdir(), 'lightsout-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
  if (options.durable === true) args.push('--appendonly', 'yes', '--appendfsync', 'always');
  if (options.password !== undefined) args.push('--requirepass', options.password);
  let child = await launch(binary, args);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  // In case the test ends without stop().
  const atExit = (): void => void child.kill('SIGKILL');
  process.on('exit', atExit);
  return {
    url: `redis://${options.password === undefined ? '' : `:${options.password}@`}127.0.0.1:${port}`,
    signal: (name) => void child.kill(name),
    kill,
    async start() {
      child = await launch(binary, args);
    },
    async stop() {
      process.off('exit', atExit);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(binary: RedisBinary, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(binary.path, args, {
    env: { ...process.env, ...binary.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('Ready to accept connections')) {
      child.stdout.resume();
      return child;
    }
    said.push(line);
  }
  throw new Error(`redis-server did not start:\n${said.join('\n')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
