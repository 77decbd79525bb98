import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerIndex } from '../../core/bgp/index.js';
import { loadRuleFiles } from '../../edges/config/index.js';
import { assertFonts } from '../../edges/chart/index.js';
import type { CountryMap, GroupDefinition } from '../../core/countries/index.js';
import { UnreadableRecording, type RecordingCounters } from '../../edges/feed/index.js';
import type { Rules } from '../../core/rules.js';
import { renderJsonLine, renderTranscriptLine } from '../../core/report/index.js';
import type { TableTransfer } from '../../core/table/index.js';
import { ChartRecorder } from '../bot/chart-recorder.js';
import { readConfigFile } from '../config-files.js';
import { Unreachable } from './history.js';
import { unwritable } from '../output-folder.js';
import { loadRegistry } from '../registry/registry.js';
import { parseReplayArguments, replayUsage, type ReplayArguments } from './replay-arguments.js';
import { runReplay } from './replay-run.js';
import { openDays, openFiles, WrongSettings, type ReplaySources } from './replay-sources.js';
import { exitCode, type ExitCode, type World } from '../world.js';

/** At most this many tables that were sent again are named. */
const toldTransfers = 20;

/**
 * Replays recordings, or days of history, and prints the events that would have been told. Returns the exit code.
 * `registry` says which country holds which addresses.
 */
export async function replay(argv: readonly string[], world: World, registry = loadRegistry): Promise<ExitCode> {
  const problems: string[] = [];
  const args = parseReplayArguments(argv, world.clock.now(), problems);
  if (args === null) {
    world.stderr.write(`${problems.join('\n')}\n${replayUsage}\n`);
    return exitCode.usage;
  }
  try {
    return await replayWith(args, world, registry);
  } catch (error) {
    if (!(error instanceof UnreadableRecording || error instanceof WrongSettings || error instanceof Unreachable))
      throw error;
    world.stderr.write(`${error.message}\n`);
    if (error instanceof WrongSettings) return exitCode.config;
    return error instanceof Unreachable ? exitCode.unavailable : exitCode.noInput;
  }
}

async function replayWith(args: ReplayArguments, world: World, registry: typeof loadRegistry): Promise<ExitCode> {
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
  const { what } = args;
  const files = what.kind === 'files' ? await openFiles(what, peers) : null;
  const patch = args.rules === null ? {} : await readRules(args.rules);
  const rules = loadRuleFiles(world.env, readConfigFile, patch);
  if (rules.kind === 'invalid') throw new WrongSettings(rules.problems.join('\n'));
  const map = await registry(rules.countries.ignored);
  const { groups } = rules.countries;
  const unknown = [...(args.countries ?? [])].filter((code) => !judgedCodes(map, groups).includes(code));
  if (unknown.length > 0) {
    world.stderr.write(`--countries: no country has the code ${unknown.join(', ')}\n`);
    return exitCode.usage;
  }
  // Mistakes in the command are reported before anything is fetched.
  const sources = what.kind === 'days' ? await openDays(what, peers, world) : files!;
  return await run({ args, world, peers, sources, rules: rules.rules, map, groups, startedAt });
}

interface Loaded {
  readonly args: ReplayArguments;
  readonly world: World;
  readonly peers: PeerIndex;
  readonly sources: ReplaySources;
  readonly rules: Rules;
  readonly map: CountryMap;
  readonly groups: readonly GroupDefinition[];
  readonly startedAt: number;
}

async function run({ args, world, peers, sources, rules, map, groups, startedAt }: Loaded): Promise<ExitCode> {
  const chart = args.chart === null ? null : new ChartRecorder(args.countries ?? judgedCodes(map, groups));
  const say = (text: string): void => void world.stderr.write(`${text}\n`);
  const result = await runReplay({
    ...sources,
    peers,
    map,
    groups,
    rules,
    countries: args.countries,
    onEvent: (event) => {
      world.stdout.write(`${args.json ? renderJsonLine(event) : renderTranscriptLine(event)}\n`);
      chart?.event(event);
    },
    onTick: (at, view) => chart?.tick(at, view),
    warn: say,
  });
  const recordings = sources.opened();
  const sum = (of: (recording: { readonly counters: Readonly<RecordingCounters> }) => number): number =>
    recordings.reduce((total, recording) => total + of(recording), 0);
  for (const { path, counters } of recordings) {
    if (counters.damage !== null) say(`${path}: ${counters.damage}`);
    else if (problemsOf(counters) > 0)
      say(`${path}: ${count(problemsOf(counters), 'record')} had to be skipped (${reasonsOf(counters)})`);
  }
  const { ribs } = sources;
  if (ribs.length > 0)
    for (const collector of collectorsWithoutRib(ribs, peers))
      say(`updates of ${collector}, for which no RIB was given`);
  const were = result.stale === 1 ? 'was' : 'were';
  if (result.stale > 0)
    say(`${count(result.stale, 'update')} ${were} older than their collector's RIB and ${were} skipped`);
  if (result.late > 0) say(`${count(result.late, 'update')} came late, after newer ones`);
  for (const transfer of result.transfers.slice(0, toldTransfers)) say(transferLine(transfer));
  if (result.transfers.length > toldTransfers)
    say(`${result.transfers.length - toldTransfers} more tables were sent again`);
  const summary = {
    kind: 'summary',
    messages: sum(({ counters }) => counters.messages),
    elems: sum(({ counters }) => counters.elems),
    problems: sum(({ counters }) => problemsOf(counters)),
    peers: peers.size,
    fullFeedPeers: result.fullFeedPeers,
    voters: result.voters,
    usable: result.usable,
    ...sources.summary,
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

/** Updates alone make no table, so the peers of these collectors have no vote. */
function collectorsWithoutRib(ribs: ReplaySources['ribs'], peers: PeerIndex): string[] {
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
  return Object.entries(problems)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
}

async function readRules(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UnreadableRecording(
      path,
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'cannot be read',
    );
  });
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch (error) {
    throw new WrongSettings(`${path}: not JSON: ${(error as Error).message}`);
  }
  if (typeof rules !== 'object' || rules === null || Array.isArray(rules))
    throw new WrongSettings(`${path}: expected an object`);
  return rules;
}

/** "rrc15 AS1916 200.219.130.4: its table was sent again, 16:04:40 - 16:05:30" */
function transferLine({ collector, asn, address, from, to }: TableTransfer): string {
  const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
  return (
    `${collector} AS${asn} ${address}: its table was sent again, ${clock(from)} - ` +
    (to === null ? 'incomplete' : clock(to))
  );
}
