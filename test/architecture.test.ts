/**
 * Holds src/ to the table of src/README.md: who may import whom, and what the deterministic core may not touch. And
 * test/ to this: each test runs once.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Part of src -> what it may import: parts of src, packages, or `*` for everything. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'settings.ts': [],
  'clock.ts': [],
  bgp: [],
  table: ['bgp', 'settings.ts'],
  countries: ['bgp', 'table', 'settings.ts'],
  detector: ['bgp', 'countries', 'settings.ts'],
  incidents: ['bgp', 'countries', 'detector', 'settings.ts'],
  guards: ['bgp', 'detector', 'settings.ts'],
  'rules.ts': ['table', 'countries', 'detector', 'guards', 'incidents', 'settings.ts'],
  'judgement.ts': ['bgp', 'table', 'countries', 'detector', 'guards', 'incidents', 'rules.ts'],
  'pipeline.ts': ['bgp', 'table', 'countries', 'guards', 'incidents', 'judgement.ts', 'rules.ts', 'settings.ts'],
  report: ['countries', 'incidents'],
  feed: ['bgp', 'clock.ts', 'ws', 'unbzip2-stream'],
  chart: ['incidents', '@resvg/resvg-js'],
  delivery: ['countries', 'incidents', 'report', 'settings.ts', 'clock.ts', 'observability'],
  store: ['incidents', 'delivery', 'ioredis', '@photostructure/sqlite'],
  discord: ['countries', 'incidents', 'report', 'delivery', 'clock.ts', 'observability', 'discord.js'],
  observability: ['pino', 'pino-pretty', 'prom-client'],
  config: ['countries', 'rules.ts'],
  app: ['*'],
  'main.ts': ['*'],
};

const core = [
  'settings.ts',
  'bgp',
  'table',
  'countries',
  'detector',
  'guards',
  'incidents',
  'report',
  'rules.ts',
  'judgement.ts',
  'pipeline.ts',
];
/** What would let time, chance or the outside into the core. */
const impure =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\b\.|\bawait\b|\bperformance\.|\bconsole\./;

interface SourceFile {
  /** Path below src, with /. */
  readonly path: string;
  readonly text: string;
}

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(folder, path), 'utf8') }));
}

const partOf = (path: string): string => path.split('/', 1)[0];
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

/** Every breach of the rules in these files, a sentence each. */
function breaches(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const { path, text } of files) {
    const part = partOf(path);
    const rules = allowed[part] as readonly string[] | undefined;
    if (rules === undefined) {
      found.push(`${path}: ${part} is in no rule`);
      continue;
    }
    const code = withoutComments(text);
    for (const [, specifier] of code.matchAll(/\b(?:from |import |import\()'([^'\s]+)'/g)) {
      if (specifier.startsWith('node:')) {
        if (core.includes(part)) found.push(`${path}: the core imports ${specifier}`);
      } else if (specifier.startsWith('.')) {
        const target = relative(src, resolve(src, dirname(path), specifier))
          .replaceAll('\\', '/')
          .replace(/\.js$/, '.ts');
        const targetPart = partOf(target);
        if (targetPart === part) continue;
        if (!rules.includes('*') && !rules.includes(targetPart))
          found.push(`${path}: ${part} may not import ${targetPart}`);
        else if (target.includes('/') && target !== `${targetPart}/index.ts`)
          found.push(`${path}: ${target} is not ${targetPart}'s index`);
      } else if (!rules.includes('*') && !rules.includes(specifier))
        found.push(`${path}: ${part} may not import the package ${specifier}`);
    }
    if (core.includes(part)) {
      const match = impure.exec(code);
      if (match !== null) found.push(`${path}: the core may not use ${match[0]}`);
    }
    if (path !== 'main.ts' && /\bprocess\./.test(code)) found.push(`${path}: only main.ts touches process`);
  }
  return found;
}

test('imports point left, and the core is deterministic', () => {
  assert.deepEqual(breaches(filesBelow(src)), []);
});

test('a planted fault is found', () => {
  const planted: [SourceFile, RegExp][] = [
    [
      { path: 'table/planted.ts', text: "import { step } from '../detector/index.js';" },
      /table may not import detector/,
    ],
    [
      { path: 'store/planted.ts', text: "import { createDiscordSend } from '../discord/index.js';" },
      /store may not import discord/,
    ],
    [{ path: 'bgp/planted.ts', text: "import { inflate } from 'node:zlib';" }, /the core imports node:zlib/],
    [{ path: 'bgp/planted.ts', text: "import ip from 'ipaddr.js';" }, /may not import the package/],
    [{ path: 'report/planted.ts', text: "import { names } from '../countries/names.js';" }, /is not countries's index/],
    [{ path: 'detector/planted.ts', text: 'export const now = () => Date.now();' }, /may not use Date\.now/],
    [{ path: 'feed/planted.ts', text: 'process.exit(1);' }, /only main\.ts touches process/],
  ];
  for (const [file, expected] of planted) assert.match(breaches([file]).join('\n'), expected);
});

test("every test runs once, by itself or together with others, and hooks are nobody else's", () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const listed = scripts['test:unit'].replace(/^.*--test-concurrency=\d+ /, '');
  const run = execFileSync('sh', ['-c', `echo ${listed}`], { cwd: root, encoding: 'utf8' })
    .trim()
    .split(' ');
  const together = run.filter((path) => path.startsWith('test/together/'));
  const imported = together.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/^import '\.\.\/(.*)\.js';$/gm)].map(
      ([, name]) => `test/${name}.ts`,
    ),
  );
  const there = filesBelow(join(root, 'test'))
    .map(({ path }) => `test/${path}`)
    .filter((path) => path.endsWith('.test.ts'));
  assert.deepEqual([...run.filter((path) => !together.includes(path)), ...imported].sort(), there.sort());
  // At the root of a file they would be run around the tests of every file beside it.
  for (const path of imported)
    assert.doesNotMatch(readFileSync(join(root, path), 'utf8'), /^(before|after)Each\(/m, path);
});
