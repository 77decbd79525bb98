import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const project = fileURLToPath(new URL('../../../', import.meta.url));
/** Not bundled: these have parts that are not JavaScript, or look for files beside their own. */
const whole = ['@photostructure/sqlite', '@resvg/resvg-js', 'pino', 'pino-pretty', 'zlib-sync'];

/** Each source keeps its own URL, so that it finds the files beside it. */
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
 * Bundles `entry` (a URL) and everything it imports, packages too, into one script, and returns its path. Such a
 * process starts almost as fast as plain node; a hundred modules take three times as long. Types are not checked.
 */
export async function bundle(entry: string): Promise<{ readonly script: string; remove(): void }> {
  // Below node_modules, so that the packages that are not bundled are found from there.
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
