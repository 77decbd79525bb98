/**
 * npm run bench [-- section ...]: runs the benchmarks as plain JavaScript in a process of its own, because the service
 * runs without a TypeScript loader too. Sections: rib, memory, core, socket, snapshot, ticks, events, alerts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../test/support/process/compile.js';

const compiled = ['run.ts', 'children/ws-server.ts', 'children/memory-child.ts', 'children/discord-server.ts'].map(
  (file) => compile(new URL(file, import.meta.url).href),
);
try {
  for (const { script } of compiled)
    cpSync(fileURLToPath(new URL('../config', import.meta.url)), join(dirname(script), '../config'), {
      recursive: true,
    });
  const child = spawn(
    process.execPath,
    ['--expose-gc', ...compiled.map(({ script }) => script), ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  for (const each of compiled) each.remove();
}
