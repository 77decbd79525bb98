import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type ts from 'typescript';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const require = createRequire(import.meta.url);

/** Below node_modules, so that packages are found from there. */
const cache = join(project, 'node_modules/.cache');
/** What was compiled of other sources, and not run for so long, is in nobody's use. */
const staleMs = 24 * 3_600_000;

/** What the program reads from beside its sources. */
const readAtRunTime = ['src/edges/chart/fonts', 'src/app/demo/bview.20151023.derived-3peers-1in40.gz'];

/**
 * Strips the types from `entry` (a URL) and all it imports, and returns the path of a script for plain node: it starts
 * in a tenth of the time that a loader needs, which matters to a test of 50 processes. Types are not checked.
 */
export function compile(entry: string): { readonly script: string; remove(): void } {
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'compiled-'));
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const script = transpiled(readFileSync(file, 'utf8'));
    const target = targetOf(file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, script);
    for (const [, name] of script.matchAll(/\b(?:from |import |import\()'(\.[^'\s]+)'/g))
      visit(join(dirname(file), name.replace(/\.js$/, '.ts')));
  };
  const targetOf = (file: string): string => join(out, relative(project, file).replace(/\.ts$/, '.js'));
  // Its type says that these are modules, and its version is told by the bot.
  copyFileSync(join(project, 'package.json'), join(out, 'package.json'));
  visit(fileURLToPath(entry));
  for (const read of readAtRunTime) {
    mkdirSync(dirname(join(out, read)), { recursive: true });
    symlinkSync(join(project, read), join(out, read));
  }
  return { script: targetOf(fileURLToPath(entry)), remove: () => rmSync(out, { recursive: true, force: true }) };
}

/** lightsout itself, compiled once for all processes and runs until a source of it changes; the script's path. */
export function compiledProgram(): string {
  mkdirSync(cache, { recursive: true });
  const hash = createHash('sha256');
  for (const file of [fileURLToPath(import.meta.url), join(project, 'package.json')]) hash.update(readFileSync(file));
  for (const file of readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(project, 'src', file)));
  }
  const kept = join(cache, `program-${hash.digest('hex')}`);
  if (!existsSync(kept)) {
    const compiled = compile(pathToFileURL(join(project, 'src/main.ts')).href);
    // Whole or not at all; another process may have been quicker.
    try {
      renameSync(dirname(dirname(compiled.script)), kept);
    } catch (error) {
      if (!existsSync(kept)) throw error;
      compiled.remove();
    }
    removeStale();
  }
  utimesSync(kept, new Date(), new Date());
  return join(kept, 'src/main.js');
}

function removeStale(): void {
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith('program-'))) {
    const at = statSync(join(cache, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - at > staleMs) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

/** Kept by its source's hash: the compiler takes seconds for the whole program, and many tests start it. */
function transpiled(source: string): string {
  const kept = join(cache, `transpiled-${createHash('sha256').update(source).digest('hex')}.js`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  // Loaded where it is needed: it takes longer to load than the program.
  const { ModuleKind, ScriptTarget, transpileModule } = require('typescript') as typeof ts;
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, verbatimModuleSyntax: true };
  const script = transpileModule(source, { compilerOptions }).outputText;
  // Whole or not at all, for tests run side by side.
  const partial = `${kept}.${process.pid}`;
  writeFileSync(partial, script);
  renameSync(partial, kept);
  return script;
}
