/**
 * Holds src/ to the picture in src/README.md: imports point left and go through each folder's door, the core is
 * deterministic, and each package is used in one place. Holds test/ to its folders: each test runs once.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testsBelow } from '../together/import-tests.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The order inside a folder: each entry, a file or a sub-folder, may import the entries to its left. `.` stands for all
 * other files of the folder. Its index.ts, the door, comes last and may import everything in the folder. A sub-folder
 * that is missing here may import nothing, so it is noticed.
 */
const orders: Readonly<Record<string, readonly string[]>> = {
  core: [
    'time.ts',
    'settings.ts',
    'bgp',
    'table',
    'countries',
    'detector',
    'incidents',
    'guards',
    'report',
    'events.ts',
    'rules.ts',
    'judgement.ts',
    'tick-times.ts',
    'view.ts',
    'pipeline.ts',
  ],
  'core/bgp': ['.', 'mrt', 'rislive'],
  'core/table': ['settings.ts', 'routes', 'sessions', 'votes', 'snapshot', '.'],
  'core/countries': ['settings.ts', 'registry', 'names', 'units', 'history', '.'],
  'edges/feed': ['feed-log.ts', 'archive', 'live', 'intake', 'recording', '.'],
  'edges/delivery': ['subscriptions', 'ports.ts', 'plan', '.', 'lanes', 'delivery.ts'],
  'edges/discord': ['rest', 'messages', 'commands', 'gateway', '.'],
  'edges/discord/commands': ['parts', '.'],
  'edges/store': ['.', 'redis', 'sqlite'],
  'edges/store/redis': ['scripts', '.'],
  app: ['.', 'registry', 'bot', 'service', 'replay', 'demo', 'cli'],
  'app/service': ['snapshot', 'watch', '.'],
};

/** What an edge may import beside the core: other edges, and packages. Each package is used in one edge only. */
const edges: Readonly<Record<string, readonly string[]>> = {
  'edges/clock.ts': [],
  'edges/waiting': ['edges/clock.ts'],
  'edges/observability': ['pino', 'pino-pretty', 'prom-client'],
  'edges/config': [],
  'edges/chart': ['@resvg/resvg-js'],
  'edges/feed': ['edges/clock.ts', 'edges/waiting', 'ws', 'unbzip2-stream'],
  'edges/delivery': ['edges/clock.ts', 'edges/waiting', 'edges/observability'],
  'edges/store': ['edges/clock.ts', 'edges/waiting', 'edges/delivery', 'ioredis', '@photostructure/sqlite'],
  'edges/discord': ['edges/clock.ts', 'edges/waiting', 'edges/observability', 'edges/delivery', 'discord.js'],
};

/** What would let time, chance or the outside into the core. */
const impure = new RegExp(
  [
    /\bDate\.now\b/,
    /\bnew Date\(\)/,
    /\bMath\.random\b/,
    /\bset(Timeout|Interval|Immediate)\b/,
    /\bprocess\b\./,
    /\bawait\b/,
    /\bperformance\./,
    /\bconsole\./,
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** A folder with more files than this beside its sub-folders should be two folders. */
const mostFiles = 15;

interface SourceFile {
  /** The path below src, with /. */
  readonly path: string;
  readonly text: string;
}

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(folder, path), 'utf8') }));
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

/** The unit of the rules that a file belongs to: core/bgp, edges/clock.ts, app. */
function roomOf(path: string): string {
  const [top, second] = path.split('/');
  return top === 'core' || top === 'edges' ? `${top}/${second}` : top;
}

/** The deepest folder that two paths share; '' is src itself. */
function sharedFolder(a: string, b: string): string {
  const [left, right] = [a, b].map((path) => path.split('/').slice(0, -1));
  const until = left.findIndex((name, index) => name !== right[index]);
  return left.slice(0, until === -1 ? left.length : until).join('/');
}

/** What is wrong if `path` imports `target`, both in a folder that has an order; null if nothing. */
function breachOfOrder(folder: string, path: string, target: string): string | null {
  const order = orders[folder] as readonly string[] | undefined;
  if (order === undefined) return null;
  const entryOf = (file: string): string => file.slice(folder.length + 1).split('/', 1)[0];
  const [from, to] = [entryOf(path), entryOf(target)];
  if (from === to || from === 'index.ts') return null;
  const placeOf = (entry: string): number =>
    order.includes(entry) ? order.indexOf(entry) : entry.endsWith('.ts') ? order.indexOf('.') : -1;
  if (to !== 'index.ts' && placeOf(to) >= 0 && placeOf(from) >= placeOf(to)) return null;
  return `${path}: in ${folder}, ${from} may not import ${to}`;
}

function breachOfImport(path: string, target: string): string | null {
  const [room, targetRoom] = [roomOf(path), roomOf(target)];
  const [top] = path.split('/', 1);
  const [targetTop] = target.split('/', 1);
  if (path === 'main.ts')
    return ['app/index.ts', 'edges/clock.ts'].includes(target)
      ? null
      : `${path}: main.ts starts app, and imports no more`;
  if (room === targetRoom) return breachOfOrder(sharedFolder(path, target), path, target);
  const isDoor = target === `${targetRoom}/index.ts` || target === targetRoom;
  if (!isDoor) return `${path}: ${target} is not the door of ${targetRoom}`;
  if (top === 'core')
    return targetTop === 'core'
      ? breachOfOrder('core', path, target)
      : `${path}: the core may not import ${targetRoom}`;
  if (top === 'app') return targetTop === 'main.ts' ? `${path}: nothing may import main.ts` : null;
  if (targetTop === 'core' || (edges[room] as readonly string[] | undefined)?.includes(targetRoom) === true)
    return null;
  return `${path}: ${room} may not import ${targetRoom}`;
}

function breachOfPackage(path: string, name: string): string | null {
  const room = roomOf(path);
  if (room.startsWith('core/')) return `${path}: the core may not import ${name}`;
  if (name.startsWith('node:') || (edges[room] as readonly string[] | undefined)?.includes(name) === true) return null;
  // Only main.ts loads .env. Other files outside the edges need no package.
  return path === 'main.ts' && name === 'dotenv' ? null : `${path}: ${room} may not import the package ${name}`;
}

/** Every breach of the rules in these files, a sentence each. */
function breaches(files: readonly SourceFile[]): string[] {
  const found: (string | null)[] = [];
  for (const { path, text } of files) {
    const code = withoutComments(text);
    if (!/^(core|edges|app)\/|^main\.ts$/.test(path)) found.push(`${path}: src holds core, edges, app and main.ts`);
    if (roomOf(path).startsWith('edges/') && !(roomOf(path) in edges))
      found.push(`${path}: ${roomOf(path)} is in no rule`);
    for (const [, specifier] of code.matchAll(/\b(?:from |import |import\()'([^'\s]+)'/g)) {
      if (!specifier.startsWith('.')) found.push(breachOfPackage(path, specifier));
      else
        found.push(breachOfImport(path, join(dirname(path), specifier).replaceAll('\\', '/').replace(/\.js$/, '.ts')));
    }
    const match = path.startsWith('core/') ? impure.exec(code) : null;
    if (match !== null) found.push(`${path}: the core may not use ${match[0]}`);
    if (path !== 'main.ts' && /\bprocess\./.test(code)) found.push(`${path}: only main.ts touches process`);
  }
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) {
    const { length } = files.filter(({ path }) => dirname(path) === folder);
    if (length > mostFiles) found.push(`${folder}: ${length} files, more than ${mostFiles}`);
  }
  return found.filter((breach) => breach !== null);
}

test('imports point left, and the core is deterministic', () => {
  assert.deepEqual(breaches(filesBelow(join(project, 'src'))), []);
});

const planted: [path: string, text: string, breach: RegExp][] = [
  ['core/table/planted.ts', "import { step } from '../detector/index.js';", /in core, table may not import detector/],
  [
    'core/bgp/planted.ts',
    "import { createClock } from '../../edges/clock.js';",
    /the core may not import edges\/clock/,
  ],
  ['core/bgp/planted.ts', "import { inflate } from 'node:zlib';", /the core may not import node:zlib/],
  ['core/bgp/planted.ts', "import ip from 'ipaddr.js';", /the core may not import ipaddr/],
  [
    'core/report/planted.ts',
    "import { names } from '../countries/names/names.js';",
    /is not the door of core\/countries/,
  ],
  ['core/detector/planted.ts', 'export const now = () => Date.now();', /may not use Date\.now/],
  ['core/table/routes/planted.ts', "import { X } from '../votes/electorate.js';", /routes may not import votes/],
  ['core/table/unknown/planted.ts', "import { X } from '../table.js';", /unknown may not import table\.ts/],
  ['core/bgp/planted.ts', "import { X } from './index.js';", /planted\.ts may not import index\.ts/],
  ['edges/store/planted.ts', "import { X } from '../discord/index.js';", /edges\/store may not import edges\/discord/],
  ['edges/discord/planted.ts', "import { X } from '../store/index.js';", /edges\/discord may not import edges\/store/],
  ['edges/feed/planted.ts', "import { X } from '../../app/index.js';", /edges\/feed may not import app/],
  ['edges/feed/planted.ts', "import Redis from 'ioredis';", /may not import the package ioredis/],
  ['edges/feed/live/planted.ts', "import { X } from '../intake/intake.js';", /live may not import intake/],
  ['edges/feed/planted.ts', 'process.exit(1);', /only main\.ts touches process/],
  ['edges/new/planted.ts', '', /edges\/new is in no rule/],
  ['app/planted.ts', "import { X } from '../edges/store/sqlite/lock.js';", /is not the door of edges\/store/],
  ['app/bot/planted.ts', "import { X } from '../service/app.js';", /bot may not import service/],
  ['tools/planted.ts', '', /src holds core, edges, app and main\.ts/],
];
for (const [path, text, breach] of planted)
  test(`a planted fault is found: ${path} ${text}`, () => assert.match(breaches([{ path, text }]).join('\n'), breach));

test('a folder that is too full is found', () => {
  const files = Array.from({ length: mostFiles + 1 }, (_, index) => ({ path: `core/bgp/f${index}.ts`, text: '' }));
  assert.match(breaches(files).join('\n'), /core\/bgp: 16 files/);
});

test('every test runs once: alone, or together with its neighbours', () => {
  const root = join(project, 'test');
  const paths = filesBelow(root).map(({ path }) => path);
  const tests = paths.filter((path) => path.endsWith('.test.ts'));
  const together = paths
    .filter((path) => path.startsWith('together/') && path !== 'together/import-tests.ts')
    .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/'([a-z0-9/-]+)'/g)])
    .flatMap(([, folder]) => testsBelow(folder));
  const alone = tests.filter((path) => dirname(path).endsWith('/alone'));
  assert.deepEqual([...alone, ...together].sort(), tests.sort());
  // At the root of a file, a hook would run around the tests of every file that shares the process.
  for (const path of together)
    assert.doesNotMatch(readFileSync(join(root, path), 'utf8'), /^(before|after)Each\(/m, path);
});
