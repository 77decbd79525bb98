import type { PeerIndex, UnixMillis } from '../../core/bgp/index.js';
import { loadArchiveSettings } from '../../edges/config/index.js';
import {
  createArchive,
  createProgress,
  openRecording,
  UnreadableRecording,
  type FeedLog,
  type Recording,
} from '../../edges/feed/index.js';
import { join } from 'node:path';
import { readConfigFile } from '../config-files.js';
import { blindTimes, fetchHistory, lostCollectors, sizeOfFolder, type History } from './history.js';
import type { Source } from './merge.js';
import { unwritable } from '../output-folder.js';
import type { Days, Files } from './replay-arguments.js';
import type { ReplayOptions, RibSource } from './replay-run.js';
import type { World } from '../world.js';

/** The recordings of a replay, and the times that it needs to know about them. */
export interface ReplaySources extends Pick<ReplayOptions, 'ribs' | 'updates' | 'from' | 'until' | 'blind' | 'lost'> {
  /** The recordings read so far, with their counters. */
  opened(): readonly Recording[];
  /** Further fields of the printed summary. */
  readonly summary: Readonly<Record<string, number>>;
}

/** A setting is not valid; the message has a line for each fault. */
export class WrongSettings extends Error {
  override readonly name = 'WrongSettings';
}

/** Opens local files. Rejects with UnreadableRecording. */
export async function openFiles({ ribs, updates, until }: Files, peers: PeerIndex): Promise<ReplaySources> {
  const open = ({ collector, path }: Files['ribs'][number]): Promise<Recording> =>
    openRecording(path, collector, peers);
  const ribRecordings = await Promise.all(ribs.map(open));
  const updateRecordings = await Promise.all(updates.map(open));
  return {
    ribs: ribRecordings.map((recording, index) => ribSource(ribs[index].collector, recording)),
    updates: updateRecordings.map((recording) => ({ batches: () => recording.batches() })),
    from: null,
    until,
    blind: [],
    opened: () => [...ribRecordings, ...updateRecordings],
    summary: {},
  };
}

const ribSource = (collector: string, recording: Recording): RibSource => ({
  collector,
  batches: () => recording.batches(),
  time: () => recording.counters.ribTime,
});

/** Fetches the missing files of these days. Rejects with WrongSettings, Unreachable, or UnreadableRecording. */
export async function openDays(days: Days, peers: PeerIndex, world: World): Promise<ReplaySources> {
  const say = (text: string): void => void world.stderr.write(`${text}\n`);
  const env = days.collectors === null ? world.env : { ...world.env, COLLECTORS: days.collectors };
  const settings = loadArchiveSettings(env, readConfigFile);
  if (settings.kind === 'invalid') {
    const named = settings.problems.map((problem) =>
      days.collectors === null ? problem : problem.replace(/^COLLECTORS:/, '--collectors:'),
    );
    throw new WrongSettings(named.join('\n'));
  }
  const folder = join(settings.dataDir, 'archive');
  const trouble = await unwritable('DATA_DIR', folder);
  if (trouble !== null) throw new WrongSettings(trouble);
  const history = await fetched(days, settings, folder, world);
  const { collectors, leftOut } = history;
  for (const { collector, reason } of leftOut) say(`${collector}: left out: ${reason}`);
  for (const { collector, missing } of collectors) {
    for (const { from, to, files, reason } of missing)
      say(
        `${collector}: no updates from ${minute(from)} to ${minute(to)} (${files} ` +
          `file${files === 1 ? '' : 's'}): ${reason}`,
      );
    if (missing.length > 0)
      say(
        `${collector}: its peers have no vote from ${minute(missing[0].from)} on, because their updates are ` +
          'incomplete',
      );
  }
  if (collectors.length === 0)
    throw new UnreadableRecording(settings.risArchiveUrl, 'no collector has the files of these days');
  say(
    `${megabytes(history.bytes)} of files, ${megabytes(history.fetchedBytes)} of them fetched now; ${folder} ` +
      `holds ${megabytes(await sizeOfFolder(folder))}`,
  );
  const opened: Recording[] = [];
  const open = async (collector: string, path: string): Promise<Recording> => {
    const recording = await openRecording(path, collector, peers);
    opened.push(recording);
    return recording;
  };
  const missingFiles = collectors.reduce(
    (total, { missing }) => missing.reduce((sum, { files }) => sum + files, total),
    0,
  );
  return {
    ribs: await Promise.all(
      collectors.map(async ({ collector, rib }) => ribSource(collector, await open(collector, rib))),
    ),
    updates: collectors.map(({ collector, updates }) => inTurn(updates, (path) => open(collector, path))),
    from: days.from,
    until: days.to,
    blind: blindTimes(collectors),
    lost: lostCollectors(collectors),
    opened: () => opened,
    summary: { collectors: collectors.length, missingFiles },
  };
}

async function fetched(
  days: Days,
  settings: { readonly collectors: readonly string[]; readonly risArchiveUrl: string },
  folder: string,
  world: World,
): Promise<History> {
  const { clock, random, signal, stderr } = world;
  const log: FeedLog = {
    info: (_, message) => void stderr.write(`${message}\n`),
    warn: (fields, message) =>
      void stderr.write(`${clearLine(world)}${message}: ${Object.values(fields).join(', ')} ms\n`),
  };
  const { show } = createProgress(stderr, clock, log, { bar: 'Fetching', log: 'fetching', countsElems: false });
  try {
    return await fetchHistory({
      ...days,
      collectors: settings.collectors,
      archive: createArchive(settings.risArchiveUrl, clock, random),
      folder,
      clock,
      random,
      log,
      signal,
      onProgress: show,
    });
  } finally {
    stderr.write(clearLine(world));
  }
}

const clearLine = ({ stderr }: World): string => (stderr.isTTY === true ? '\r\u001b[2K' : '');

/** One file after the other, each opened only when it is reached, because a month has thousands. */
function inTurn(paths: readonly string[], open: (path: string) => Promise<Recording>): Source {
  return {
    async *batches() {
      for (const path of paths) yield* (await open(path)).batches();
    },
  };
}

const minute = (at: UnixMillis): string => `${new Date(at).toISOString().slice(0, 16)}Z`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
