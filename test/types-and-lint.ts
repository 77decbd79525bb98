/**
 * `npm run types` and `npm run lint` over one program: each of them alone would build the same program and check the
 * same types.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { check, getFileInfo, resolveConfig } from 'prettier';
import ts from 'typescript';

const written: ts.FormatDiagnosticsHost = {
  getCurrentDirectory: () => process.cwd(),
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};

const config = ts.getParsedCommandLineOfConfigFile(
  'tsconfig.json',
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.formatDiagnostic(diagnostic, written));
    },
  },
)!;
const program = ts.createProgram(config.fileNames, config.options);
const diagnostics = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
process.stdout.write(ts.formatDiagnosticsWithColorAndContext(diagnostics, written));

const eslint = new ESLint({
  overrideConfig: { languageOptions: { parserOptions: { projectService: false, programs: [program] } } },
});
const results = await eslint.lintFiles(['.']);
process.stdout.write(await (await eslint.loadFormatter('stylish')).format(results));

const unformatted = await unformattedFiles();
for (const path of unformatted) process.stdout.write(`${path} is not formatted: npm run format\n`);

const lintFailed = results.some(({ errorCount, fatalErrorCount }) => errorCount + fatalErrorCount > 0);
process.exitCode = diagnostics.length > 0 || lintFailed || unformatted.length > 0 ? 1 : 0;

/** The files that `prettier --check .` would name. */
async function unformattedFiles(): Promise<string[]> {
  const found: string[] = [];
  for (const path of filesBelow('.')) {
    const { ignored, inferredParser } = await getFileInfo(path, { ignorePath: ['.gitignore', '.prettierignore'] });
    if (ignored || inferredParser === null) continue;
    const options = await resolveConfig(path, { editorconfig: true });
    if (!(await check(readFileSync(path, 'utf8'), { ...options, filepath: path }))) found.push(path);
  }
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return [path];
    return entry.isDirectory() && !/^(\.git|node_modules|dist.*)$/.test(entry.name) ? filesBelow(path) : [];
  });
}
