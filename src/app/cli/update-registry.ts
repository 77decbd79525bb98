import { loadConfig, maskUrl } from '../../edges/config/index.js';
import { countryName, type MapChange } from '../../core/countries/index.js';
import { readConfigFile } from '../config-files.js';
import { RegistryFolder } from '../registry/registry-folder.js';
import { renewRegistry } from '../registry/registry-renewal.js';
import { exitCode, type ExitCode, type World } from '../world.js';
import { unitNames } from '../../core/bgp/index.js';

const usage = 'usage: npm run update-registry [-- --accept-change]';
const changesShown = 10;

/**
 * `npm run update-registry` downloads the registry now, as the service does once a day. A running service uses it
 * within five minutes, a stopped one after its next start.
 */
export async function updateRegistryCommand(
  argv: readonly string[],
  { env, stdout, stderr, clock, random, signal }: World,
): Promise<ExitCode> {
  const say = (text: string): void => void stderr.write(`${text}\n`);
  if (argv.some((flag) => flag !== '--accept-change') || argv.length > 1) {
    say(usage);
    return exitCode.usage;
  }
  const loaded = loadConfig(env, readConfigFile);
  if (loaded.kind === 'invalid') {
    for (const problem of loaded.problems) say(problem);
    return exitCode.config;
  }
  const { dataDir, registryUrl } = loaded.config;
  if (registryUrl === null) {
    say('REGISTRY_URL: is "off"; set it to the URL of the registry');
    return exitCode.config;
  }
  const folder = new RegistryFolder(dataDir);
  const update = await renewRegistry({
    folder,
    url: registryUrl,
    clock,
    random,
    acceptChange: argv.length === 1,
    signal,
  });
  switch (update.kind) {
    case 'failed':
      say(`The registry could not be downloaded from ${maskUrl(registryUrl)}: ${update.reason}.`);
      return exitCode.unavailable;
    case 'refused':
      say('The downloaded registry was refused, and the one in use stays:');
      for (const doubt of update.doubts) say(`  ${doubt}`);
      say('If these changes are right, accept them with: npm run update-registry -- --accept-change');
      return exitCode.failed;
    case 'unchanged':
      stdout.write(`Nothing new: ${update.file} is the newest.\n`);
      return exitCode.ok;
    case 'new': {
      const { countries, units } = update.totals;
      const [ipv4, ipv6] = units;
      const { damaged } = update.counts;
      stdout.write(
        `${update.file}: ${countries} countries, ${ipv4} /24s and ${ipv6} ` +
          `/48s${damaged === 0 ? '' : `; ${damaged} damaged lines skipped`}.\n`,
      );
      stdout.write(`${update.changes.length} changes; the ${Math.min(changesShown, update.changes.length)} largest:\n`);
      for (const change of update.changes.slice(0, changesShown)) stdout.write(`  ${describe(change)}\n`);
      stdout.write('A running service uses it within five minutes, a stopped one after its next start.\n');
      return exitCode.ok;
    }
  }
}

/** "North Korea (KP): 4 -> 6 /24s (+50.0 %)" */
function describe({ country, family, before, after }: MapChange): string {
  const change =
    before === 0 ? 'new' : `${after > before ? '+' : '-'}${((Math.abs(after - before) / before) * 100).toFixed(1)} %`;
  return `${countryName(country).name} (${country}): ${before} -> ${after} ${unitNames[family]} (${change})`;
}
