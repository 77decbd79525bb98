/** The parent's side of service-process.ts: starts the service, moves its clock, reads its metrics, kills it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { FromService, ToService } from './service-process.js';

export interface ServiceView {
  /** Event time of the last tick; 0: no tick yet. */
  readonly lastTickAt: number;
  readonly usable: readonly [boolean, boolean];
}

export class ServiceChild {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #output: { text: string };

  private constructor(child: ChildProcess, port: number, output: { text: string }) {
    this.#child = child;
    this.#port = port;
    this.#output = output;
  }

  static async start(script: string, now: number, env: Readonly<Record<string, string>>): Promise<ServiceChild> {
    const child = fork(script, [String(now)], {
      execArgv: ['--enable-source-maps'],
      env: { PATH: process.env['PATH'], ...env },
      silent: true,
    });
    const output = { text: '' };
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
    const started = (await heard(child, output)) as Extract<FromService, { kind: 'started' }>;
    return new ServiceChild(child, started.port, output);
  }

  /** Its standard output and its log. */
  get output(): string {
    return this.#output.text;
  }

  /** Resolves when everything that the new time set off is done, except on sockets. */
  async advance(ms: number, kind: 'advance' | 'stall' = 'advance'): Promise<void> {
    this.#send({ kind, ms });
    await heard(this.#child, this.#output);
  }

  async look(): Promise<ServiceView> {
    const metrics = await this.#metrics();
    const of = (name: string): number => Number(new RegExp(`^lightsout_${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
    return {
      lastTickAt: of('last_tick_timestamp_seconds') * 1000,
      usable: [of('table_usable{family="ipv4"}') === 1, of('table_usable{family="ipv6"}') === 1],
    };
  }

  /**
   * Uses a connection of its own: the service closes idle connections after five real seconds, which may be this
   * moment.
   */
  async #metrics(): Promise<string> {
    try {
      const [response] = (await once(
        get({ host: '127.0.0.1', port: this.#port, path: '/metrics', agent: false }),
        'response',
      )) as [IncomingMessage];
      return await text(response);
    } catch (error) {
      const { exitCode, signalCode } = this.#child;
      throw new Error(`the service cannot be asked (exit code ${exitCode}, signal ${signalCode}):\n${this.output}`, {
        cause: error,
      });
    }
  }

  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Stops it in the usual way. */
  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#send({ kind: 'stop' });
    await gone;
  }

  #send(message: ToService): void {
    this.#child.send(message);
  }
}

async function heard(child: ChildProcess, output: { readonly text: string }): Promise<FromService> {
  const done = new AbortController();
  try {
    const ended = once(child, 'exit', { signal: done.signal }).then(() => {
      throw new Error(`the service ended:\n${output.text}`);
    });
    const [message] = (await Promise.race([once(child, 'message', { signal: done.signal }), ended])) as [FromService];
    return message;
  } finally {
    done.abort();
  }
}
