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
/** A compiled program that was not used for this long may be deleted. */
const staleMs = 24 * 3_600_000;

/** Files that the program reads from beside its sources. */
const readAtRunTime = ['src/edges/chart/fonts', 'src/app/demo/bview.20151023.derived-3peers-1in40.gz'];

/**
 * Strips the types from `entry` (a URL) and everything it imports, and returns the path of a script for plain node. It
 * starts in a tenth of the time that a loader needs, which matters to a test of 50 processes. Types are not checked.
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
  // package.json says that these files are modules, and holds the version that the bot reports.
  copyFileSync(join(project, 'package.json'), join(out, 'package.json'));
  visit(fileURLToPath(entry));
  for (const read of readAtRunTime) {
    mkdirSync(dirname(join(out, read)), { recursive: true });
    symlinkSync(join(project, read), join(out, read));
  }
  return { script: targetOf(fileURLToPath(entry)), remove: () => rmSync(out, { recursive: true, force: true }) };
}

/** The path of the whole program, compiled. All processes and test runs share it until a source changes. */
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
    // The rename makes it appear whole. Another process may have been faster.
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

/** Cached by the hash of the source: compiling the whole program takes seconds, and many tests start it. */
function transpiled(source: string): string {
  const kept = join(cache, `transpiled-${createHash('sha256').update(source).digest('hex')}.js`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  // Loaded only if needed, because it takes longer to load than the program.
  const { ModuleKind, ScriptTarget, transpileModule } = require('typescript') as typeof ts;
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022, verbatimModuleSyntax: true };
  const script = transpileModule(source, { compilerOptions }).outputText;
  // The rename makes the file appear whole, because tests run at the same time.
  const partial = `${kept}.${process.pid}`;
  writeFileSync(partial, script);
  renameSync(partial, kept);
  return script;
}
