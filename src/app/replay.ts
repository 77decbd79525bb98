import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PeerIndex } from '../bgp/index.js';
import { loadRuleFiles } from '../config/index.js';
import { assertFonts } from '../chart/index.js';
import type { CountryMap, GroupDefinition } from '../countries/index.js';
import { openRecording, UnreadableRecording, type Recording, type RecordingCounters } from '../feed/index.js';
import type { Rules } from '../pipeline.js';
import { renderJsonLine, renderTranscriptLine } from '../report/index.js';
import type { TableTransfer } from '../table/index.js';
import { ChartRecorder } from './chart-recorder.js';
import { readConfigFile } from './config-files.js';
import { unwritable } from './output-folder.js';
import { loadRegistry } from './registry.js';
import { runReplay, type RibSource } from './replay-run.js';
import { exitCode, type ExitCode, type World } from './world.js';

export const replayUsage = `usage: npm run --silent replay -- [--rib rrcNN=FILE]... [--updates rrcNN=FILE|FILE.jsonl[.gz]]...
         [--rules FILE] [--countries KP,SY] [--until ISO] [--chart DIR] [--json]`;

/** So many tables that were sent again are named. */
const toldTransfers = 20;

interface ReplayArguments {
  readonly ribs: readonly NamedFile[];
  readonly updates: readonly NamedFile[];
  readonly rules: string | null;
  readonly countries: ReadonlySet<string> | null;
  readonly until: number | null;
  readonly chart: string | null;
  readonly json: boolean;
}

/** Replays recordings and prints what would have been said. Returns the exit code. `registry`: who holds which addresses. */
export async function replay(argv: readonly string[], world: World, registry = loadRegistry): Promise<ExitCode> {
  const problems: string[] = [];
  const args = parseReplayArguments(argv, problems);
  if (args === null) {
    world.stderr.write(`${problems.join('\n')}\n${replayUsage}\n`);
    return exitCode.usage;
  }
  try {
    return await replayFiles(args, world, registry);
  } catch (error) {
    if (!(error instanceof UnreadableRecording) && !(error instanceof WrongRules)) throw error;
    world.stderr.write(`${error.message}\n`);
    return error instanceof WrongRules ? exitCode.config : exitCode.noInput;
  }
}

async function replayFiles(args: ReplayArguments, world: World, registry: typeof loadRegistry): Promise<ExitCode> {
  const startedAt = world.clock.now();
  if (args.chart !== null) {
    assertFonts();
    const trouble = await unwritable('--chart', args.chart);
    if (trouble !== null) {
      world.stderr.write(`${trouble}\n`);
      return exitCode.failed;
    }
  }
  const peers = new PeerIndex();
  const open = ({ collector, path }: NamedFile): Promise<Recording> => openRecording(path, collector, peers);
  const ribs = await Promise.all(args.ribs.map(open));
  const updates = await Promise.all(args.updates.map(open));
  const patch = args.rules === null ? {} : await readRules(args.rules);
  const files = loadRuleFiles(world.env, readConfigFile, patch);
  if (files.kind === 'invalid') {
    for (const problem of files.problems) world.stderr.write(`${problem}\n`);
    return exitCode.config;
  }
  const map = await registry(files.countries.ignored);
  const { groups } = files.countries;
  const unknown = [...(args.countries ?? [])].filter((code) => !judgedCodes(map, groups).includes(code));
  if (unknown.length > 0) {
    world.stderr.write(`--countries: no country has the code ${unknown.join(', ')}\n`);
    return exitCode.usage;
  }
  return await run({ args, world, peers, ribs, updates, rules: files.rules, map, groups, startedAt });
}

interface Loaded {
  readonly args: ReplayArguments;
  readonly world: World;
  readonly peers: PeerIndex;
  readonly ribs: readonly Recording[];
  readonly updates: readonly Recording[];
  readonly rules: Rules;
  readonly map: CountryMap;
  readonly groups: readonly GroupDefinition[];
  readonly startedAt: number;
}

async function run({ args, world, peers, ribs, updates, rules, map, groups, startedAt }: Loaded): Promise<ExitCode> {
  const chart = args.chart === null ? null : new ChartRecorder(args.countries ?? judgedCodes(map, groups));
  const say = (text: string): void => void world.stderr.write(`${text}\n`);
  const result = await runReplay({
    peers, map, groups, rules,
    countries: args.countries,
    ribs: ribs.map((recording, index): RibSource => ({
      collector: args.ribs[index].collector,
      batches: () => recording.batches(),
      time: () => recording.counters.ribTime,
    })),
    updates: updates.map((recording) => ({ batches: () => recording.batches() })),
    until: args.until,
    onEvent: (event) => {
      world.stdout.write(`${args.json ? renderJsonLine(event) : renderTranscriptLine(event)}\n`);
      chart?.event(event);
    },
    onTick: (at, pipeline) => chart?.tick(at, pipeline),
    warn: say,
  });
  const recordings = [...ribs, ...updates];
  const sum = (of: (recording: Recording) => number): number => recordings.reduce((total, recording) => total + of(recording), 0);
  for (const { path, counters } of recordings) {
    if (counters.damage !== null) say(`${path}: ${counters.damage}`);
    else if (problemsOf(counters) > 0) say(`${path}: ${count(problemsOf(counters), 'record')} had to be skipped (${reasonsOf(counters)})`);
  }
  if (ribs.length > 0) for (const collector of collectorsWithoutRib(args, peers)) say(`updates of ${collector}, for which no RIB was given`);
  const were = result.stale === 1 ? 'was' : 'were';
  if (result.stale > 0) say(`${count(result.stale, 'update')} ${were} older than their collector's RIB and ${were} passed over`);
  if (result.late > 0) say(`${count(result.late, 'update')} came late, after newer ones`);
  for (const transfer of result.transfers.slice(0, toldTransfers)) say(transferLine(transfer));
  if (result.transfers.length > toldTransfers) say(`${result.transfers.length - toldTransfers} more tables were sent again`);
  const summary = {
    kind: 'summary',
    messages: sum(({ counters }) => counters.messages),
    elems: sum(({ counters }) => counters.elems),
    problems: sum(({ counters }) => problemsOf(counters)),
    peers: peers.size,
    fullFeedPeers: result.fullFeedPeers,
    voters: result.voters,
    usable: result.usable,
    seconds: (world.clock.now() - startedAt) / 1000,
  };
  const sayLast = (): void => {
    if (args.json) world.stdout.write(`${JSON.stringify(summary)}\n`);
    else say(JSON.stringify(summary));
  };
  if (chart !== null && args.chart !== null) {
    for (const [country, { png, altText }] of chart.charts('Share of its address space that was visible', 'a replay')) {
      const file = join(args.chart, `${country}.png`);
      try {
        await writeFile(file, png);
      } catch (error) {
        say(`${file}: cannot be written (${String((error as NodeJS.ErrnoException).code)})`);
        sayLast();
        return exitCode.failed;
      }
      say(`${file}: ${altText}`);
    }
  }
  sayLast();
  return exitCode.ok;
}

/** Their updates alone make no table: whoever speaks in them has no vote. */
function collectorsWithoutRib({ ribs }: ReplayArguments, peers: PeerIndex): string[] {
  const seen = new Set(Array.from({ length: peers.size }, (_, peer) => peers.at(peer).collector));
  for (const { collector } of ribs) seen.delete(collector);
  return [...seen].sort();
}

/** "1 record", "2 records" */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function judgedCodes(map: CountryMap, groups: readonly GroupDefinition[]): string[] {
  return [...map.codes.slice(1), ...groups.map(({ code }) => code)];
}

function problemsOf({ problems }: RecordingCounters): number {
  return Object.values(problems).reduce((total, count) => total + count, 0);
}

/** "malformed 3, truncated-file 1" */
function reasonsOf({ problems }: RecordingCounters): string {
  return Object.entries(problems).filter(([, count]) => count > 0).map(([reason, count]) => `${reason} ${count}`).join(', ');
}

/** The file of --rules is there, and is not what it should be. */
class WrongRules extends Error {
  override readonly name = 'WrongRules';
}

async function readRules(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UnreadableRecording(path, (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'cannot be read');
  });
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch (error) {
    throw new WrongRules(`${path}: not JSON: ${(error as Error).message}`);
  }
  if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) throw new WrongRules(`${path}: expected an object`);
  return rules;
}

/** A date, or a date and a time; a time without a zone is UTC, whatever this machine's is. */
const isoTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** NaN for what is none. */
function parseTime(text: string): number {
  if (!isoTime.test(text)) return NaN;
  return Date.parse(/T[^Z+-]*$/.test(text) ? `${text}Z` : text);
}

interface NamedFile {
  readonly collector: string;
  readonly path: string;
}

/** The order of the flags must not matter where two files of one collector say something at the same moment. */
function byName(a: NamedFile, b: NamedFile): number {
  const [first, second] = a.collector === b.collector ? [a.path, b.path] : [a.collector, b.collector];
  return first < second ? -1 : Number(first > second);
}

function parseReplayArguments(argv: readonly string[], problems: string[]): ReplayArguments | null {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: { rib: list, updates: list, rules: text, countries: text, until: text, chart: text, json: { type: 'boolean' } },
    }));
  } catch (error) {
    problems.push((error as Error).message);
    return null;
  }
  const files = (flag: string, given: readonly string[] | undefined): NamedFile[] =>
    (given ?? []).map((value) => {
      const match = /^(rrc\d\d)=(.+)$/s.exec(value);
      if (match !== null) return { collector: match[1], path: match[2] };
      // RIS Live lines name their own collectors.
      if (flag === '--rib' || !/\.jsonl(\.gz)?$/.test(value)) problems.push(`${flag}: expected rrcNN=FILE, got "${value}"`);
      return { collector: '', path: value };
    }).sort(byName);
  const until = values.until === undefined ? null : parseTime(values.until);
  if (until !== null && Number.isNaN(until)) problems.push(`--until: expected an ISO 8601 time such as 2014-12-23T02:00:00Z, got "${String(values.until)}"`);
  const countries = values.countries?.split(',').map((code) => code.trim().toUpperCase()).filter((code) => code !== '');
  if (countries?.length === 0) problems.push(`--countries: expected codes such as KP,SY, got "${String(values.countries)}"`);
  const args: ReplayArguments = {
    ribs: files('--rib', values.rib),
    updates: files('--updates', values.updates),
    rules: values.rules ?? null,
    countries: countries === undefined ? null : new Set(countries),
    until,
    chart: values.chart ?? null,
    json: values.json ?? false,
  };
  if (args.ribs.length + args.updates.length === 0) problems.push('nothing to replay: give --rib or --updates');
  return problems.length > 0 ? null : args;
}

/** "rrc15 AS1916 200.219.130.4: its table was sent again, 16:04:40 - 16:05:30" */
function transferLine({ collector, asn, address, from, to }: TableTransfer): string {
  const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
  return `${collector} AS${asn} ${address}: its table was sent again, ${clock(from)} - ${to === null ? 'not to its end' : clock(to)}`;
}
