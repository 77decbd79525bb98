import { readFileSync, writeFileSync } from 'node:fs';
import { parseSubscriptionFile, renderSubscriptionFile, type Subscription } from '../../edges/delivery/index.js';
import { openStore, readSubscriptions } from '../../edges/store/index.js';
import { onStore } from './on-store.js';
import { exitCode, type ExitCode, type World } from '../world.js';

const usage = 'usage: npm run subscriptions -- export [FILE] | import FILE [--replace]';

/** `npm run subscriptions -- export [FILE]` and `import FILE [--replace]`: all subscriptions, to and from a file. */
export function subscriptions(argv: readonly string[], world: World): Promise<ExitCode> {
  const [verb, ...rest] = argv;
  const files = rest.filter((argument) => !argument.startsWith('-'));
  const flags = rest.filter((argument) => argument.startsWith('-'));
  if (verb === 'export' && files.length <= 1 && flags.length === 0) return exportTo(files.at(0) ?? null, world);
  if (verb === 'import' && files.length === 1 && flags.every((flag) => flag === '--replace'))
    return importFrom(files[0], flags.length > 0, world);
  world.stderr.write(`${usage}\n`);
  return Promise.resolve(exitCode.usage);
}

/** The service may be running. */
function exportTo(file: string | null, world: World): Promise<ExitCode> {
  const say = sayTo(world);
  return onStore(world, say, async (options) => {
    const all = await readSubscriptions(options, { info: say, warn: say });
    if (file === null) {
      world.stdout.write(renderSubscriptionFile(all));
      return exitCode.ok;
    }
    try {
      writeFileSync(file, renderSubscriptionFile(all), { flag: 'wx' });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      say(
        code === 'EEXIST'
          ? `${file} would be overwritten: name a file that does not exist.`
          : `${file} cannot be written: ${message}.`,
      );
      return exitCode.failed;
    }
    world.stdout.write(`${file}: subscriptions of ${all.length === 1 ? 'one channel' : `${all.length} channels`}\n`);
    return exitCode.ok;
  });
}

/** Imports the whole file or nothing of it. A channel's present subscription stays unless `replace` is set. */
async function importFrom(file: string, replace: boolean, world: World): Promise<ExitCode> {
  const say = sayTo(world);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    say(`${file} cannot be read: ${(error as Error).message}.`);
    return exitCode.noInput;
  }
  const problems: string[] = [];
  const wanted = parse(text, problems);
  if (wanted === null) {
    say(`${file} was not imported:`);
    for (const problem of problems) say(problem);
    return exitCode.failed;
  }
  return onStore(world, say, async (options) => {
    const store = await openStore(options, { info: say, warn: say });
    try {
      const counts = { added: 0, replaced: 0, left: 0 };
      // Older events are not told to the imported subscriptions.
      const since = await store.end();
      for (const subscription of wanted) {
        const isThere = (await store.subscription(subscription.channelId)) !== null;
        counts[isThere ? (replace ? 'replaced' : 'left') : 'added']++;
        if (!isThere || replace) await store.saveSubscription({ ...subscription, since });
      }
      world.stdout.write(`${counts.added} added, ${counts.replaced} replaced, ${counts.left} left unchanged\n`);
      return exitCode.ok;
    } finally {
      await store.close();
    }
  });
}

function parse(text: string, problems: string[]): Subscription[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    problems.push(`expected JSON: ${(error as Error).message}`);
    return null;
  }
  return parseSubscriptionFile(value, problems);
}

const sayTo =
  ({ stderr }: World) =>
  (text: string): void =>
    void stderr.write(`${text}\n`);
