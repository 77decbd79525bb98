import { PeerIndex } from '../../core/bgp/index.js';
import { inviteLink, maskUrl, type Config } from '../../edges/config/index.js';
import { createArchive, createRisLiveFeed, ribPath } from '../../edges/feed/index.js';
import { openStore, StoreBusyError } from '../../edges/store/index.js';
import { storeOptionsOf } from '../service/store-options.js';
import { exitCode, type ExitCode, type World } from '../world.js';
import { secondMs } from '../../core/time.js';

const answerWithinMs = 20 * secondMs;

type Finding = { readonly kind: 'ok' | 'failed'; readonly text: string };

/** `npm start -- --check` tries each connection that the service needs, and prints a line for each. */
export async function check(config: Config, world: World): Promise<ExitCode> {
  world.stdout.write('config: ok\n');
  let failed = false;
  for (const [name, checkOne] of [
    ['store', checkStore],
    ['RIS Live', checkRisLive],
    ['RIS archive', checkArchive],
    ['Discord', checkChannel],
  ] as const) {
    const signal = AbortSignal.any([world.signal, AbortSignal.timeout(answerWithinMs)]);
    const { kind, text } = await checkOne(config, world, signal);
    world.stdout.write(`${name}: ${text}\n`);
    failed ||= kind === 'failed';
  }
  return failed ? exitCode.unavailable : exitCode.ok;
}

async function checkStore(config: Config): Promise<Finding> {
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
  try {
    const store = await openStore(storeOptionsOf(config), log);
    await store.close();
    return {
      kind: 'ok',
      text: [config.redisUrl === null ? `ok, embedded in ${config.dataDir}` : 'ok, Redis answers', ...warnings].join(
        '; ',
      ),
    };
  } catch (error) {
    // A running service has the store open, so this is no failure.
    if (error instanceof StoreBusyError) return { kind: 'ok', text: `in use: ${error.message}` };
    return { kind: 'failed', text: (error as Error).message };
  }
}

function checkRisLive(config: Config, { clock, random }: World, signal: AbortSignal): Promise<Finding> {
  return new Promise((resolve) => {
    const end = (finding: Finding): void => {
      feed.stop();
      resolve(finding);
    };
    const feed = createRisLiveFeed({
      url: config.risLiveUrl,
      collectors: config.collectors,
      peers: new PeerIndex(),
      clock,
      random,
      log: { info: () => undefined, warn: () => undefined },
      onBatch: () => undefined,
      onGap: () => undefined,
      onState: (state) => {
        if (state.kind === 'live') end({ kind: 'ok', text: `ok, data from ${maskUrl(config.risLiveUrl)}` });
        else if (state.kind === 'down') end({ kind: 'failed', text: `${maskUrl(config.risLiveUrl)}: ${state.reason}` });
      },
    });
    signal.addEventListener(
      'abort',
      () => end({ kind: 'failed', text: `${maskUrl(config.risLiveUrl)}: no data within ${answerWithinMs / 1000} s` }),
      { once: true },
    );
    feed.start();
  });
}

async function checkArchive(config: Config, { clock, random }: World, signal: AbortSignal): Promise<Finding> {
  const archive = createArchive(config.risArchiveUrl, clock, random);
  const missing: string[] = [];
  try {
    for (const collector of config.collectors)
      if (!(await archive.exists(ribPath(collector), signal))) missing.push(collector);
  } catch (error) {
    return { kind: 'failed', text: `${maskUrl(config.risArchiveUrl)}: ${(error as Error).message}` };
  }
  if (missing.length > 0)
    return { kind: 'failed', text: `${maskUrl(config.risArchiveUrl)}: no RIB of ${missing.join(', ')}` };
  return { kind: 'ok', text: `ok, ${config.collectors.length} RIBs at ${maskUrl(config.risArchiveUrl)}` };
}

async function checkChannel(config: Config, world: World, signal: AbortSignal): Promise<Finding> {
  if (config.discord === null) return { kind: 'ok', text: 'not used, alerts go to the terminal' };
  const { checkDiscord } = await import('../../edges/discord/index.js');
  const found = await checkDiscord({ ...config.discord, apiUrl: config.discordApiUrl, clock: world.clock }, signal);
  if (found.kind !== 'ok') return { kind: 'failed', text: found.reason };
  if (found.servers === 0)
    return {
      kind: 'failed',
      text: `${found.botName} is in no server yet. Invite it: ${inviteLink(found.applicationId)}`,
    };
  if (found.channel?.kind === 'closed') return { kind: 'failed', text: `DISCORD_CHANNEL_ID: ${found.channel.reason}` };
  const where =
    found.channel === null
      ? `is in ${found.servers === 1 ? 'one server' : `${found.servers} servers`}`
      : `speaks in #${found.channel.name}`;
  return { kind: 'ok', text: `ok, ${found.botName} ${where}` };
}
