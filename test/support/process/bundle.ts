import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const project = fileURLToPath(new URL('../../../', import.meta.url));
/** With parts that are no JavaScript, or files that they look for beside their own. */
const whole = ['@photostructure/sqlite', '@resvg/resvg-js', 'pino', 'pino-pretty', 'zlib-sync'];

/** Each source goes on finding what it reads from beside itself. */
const ownUrls: Plugin = {
  name: 'own urls',
  setup(building) {
    building.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' };
    });
  },
};

/**
 * Makes one script of `entry` (a URL) and all it imports, packages too, and returns its path: a process of it starts in
 * little more than plain node does, where a hundred modules cost three times that. Types are not checked.
 */
export async function bundle(entry: string): Promise<{ readonly script: string; remove(): void }> {
  // Below node_modules, so that what is left outside is found from there.
  const cache = join(project, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'bundled-'));
  const file = fileURLToPath(entry);
  const script = join(out, relative(project, file).replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [file],
    outdir: dirname(script),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    external: whole,
    plugins: [ownUrls],
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    logLevel: 'error',
    banner: {
      js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);`,
    },
  });
  return { script, remove: () => rmSync(out, { recursive: true, force: true }) };
}
