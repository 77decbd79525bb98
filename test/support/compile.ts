import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const project = fileURLToPath(new URL('../../', import.meta.url));
const options: ts.CompilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };

/** What the program reads from beside its sources. */
const readAtRunTime = ['src/chart/fonts', 'src/app/demo/bview.20151023.derived-3peers-1in40.gz'];

/**
 * Strips the types from `entry` (a URL) and all it imports, and returns the path of a script for plain node: it starts in a tenth of
 * the time that a loader needs, which matters to a test of 50 processes. Types are not checked.
 */
export function compile(entry: string): { readonly script: string; remove(): void } {
  // Below node_modules, so that packages are found from there.
  const cache = join(project, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(join(cache, 'compiled-'));
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const script = transpiled(readFileSync(file, 'utf8'), cache);
    const target = targetOf(file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, script);
    for (const { fileName } of ts.preProcessFile(script, true, true).importedFiles) {
      if (fileName.startsWith('.')) visit(join(dirname(file), fileName.replace(/\.js$/, '.ts')));
    }
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

/** Kept by its source's hash: the compiler takes seconds for the whole program, and many tests start it. */
function transpiled(source: string, cache: string): string {
  const kept = join(cache, `transpiled-${createHash('sha256').update(source).digest('hex')}.js`);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  const script = ts.transpileModule(source, { compilerOptions: options }).outputText;
  // Whole or not at all, for tests run side by side.
  const partial = `${kept}.${process.pid}`;
  writeFileSync(partial, script);
  renameSync(partial, kept);
  return script;
}
