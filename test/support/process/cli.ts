import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { heldInTime } from '../in-time.js';
import { compiledProgram } from './compile.js';

export { freePort } from './free-port.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const running = new Set<ChildProcess>();
let script: string | null = null;
// If a story fails half-way, its process must not stay: the test run would never end.
after(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** lightsout as its users run it, in a process of its own. */
export interface CliProcess {
  readonly pid: number;
  stdout: string;
  stderr: string;
  /** Resolves as soon as the output on either stream matches. Rejects if the process ends first. */
  printed(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Closes our end of the stream: the next write of the process breaks the pipe. */
  hangUp(stream: 'stdout' | 'stderr'): void;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts `lightsout ...argv` with these variables; of the rest of the environment it gets only PATH. */
export function startCli(argv: readonly string[], env: Readonly<Record<string, string>>): CliProcess {
  script ??= compiledProgram();
  const child = spawn(process.execPath, [script, ...argv], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.on('exit', () => running.delete(child));
  let watchers: (() => void)[] = [];
  const changed = (): void => {
    const waiting = watchers;
    watchers = [];
    for (const watcher of waiting) watcher();
  };
  const cli: CliProcess = {
    pid: child.pid!,
    stdout: '',
    stderr: '',
    async printed(pattern) {
      const isPrinted = (): boolean => pattern.test(cli.stdout + cli.stderr);
      await heldInTime(
        () => isPrinted() || child.exitCode !== null,
        () => new Promise<void>((resolve) => watchers.push(resolve)),
        () => `${pattern} in:\n${cli.stdout}${cli.stderr}`,
      );
      if (!isPrinted()) throw new Error(`ended with ${child.exitCode}:\n${cli.stdout}${cli.stderr}`);
    },
    kill: (signal) => child.kill(signal),
    hangUp: (stream) => void child[stream].destroy(),
    ended: once(child, 'close').then(([code]) => {
      changed();
      return code as number | null;
    }),
  };
  child.stdout.on('data', (chunk: Buffer) => {
    cli.stdout += chunk.toString();
    changed();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    cli.stderr += chunk.toString();
    changed();
  });
  child.on('exit', changed);
  return cli;
}
