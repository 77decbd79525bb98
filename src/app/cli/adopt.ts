import { families, type Family, familyNames } from '../../core/bgp/index.js';
import { askAdoption } from '../../core/incidents/index.js';
import { openStore, type Store } from '../../edges/store/index.js';
import { onStore } from './on-store.js';
import { exitCode, type ExitCode, type World } from '../world.js';
import { secondMs } from '../../core/time.js';

export const adoptUsage = 'usage: npm run adopt -- CC ipv4|ipv6';
const leaseMs = 10 * secondMs;

/**
 * `npm run adopt -- CC FAMILY` makes the addresses that a country still has its new normal. The request is written into
 * the country's state while the service is stopped. At its first tick the service tells one event, closes the incident,
 * and starts the baseline again.
 */
export async function adopt(argv: readonly string[], world: World): Promise<ExitCode> {
  const say = (text: string): void => void world.stderr.write(`${text}\n`);
  const [country, family] = argv;
  if (argv.length !== 2 || !isFamily(family)) {
    say(adoptUsage);
    return exitCode.usage;
  }
  return onStore(world, say, async (options) => {
    const store = await openStore(options, { info: say, warn: say });
    try {
      return await askIn(store, country.toUpperCase(), family, world, say);
    } finally {
      await store.close();
    }
  });
}

async function askIn(
  store: Store,
  country: string,
  family: Family,
  { clock, stdout }: World,
  say: (text: string) => void,
): Promise<ExitCode> {
  const lease = await store.acquire(`adopt-${clock.now()}`, leaseMs);
  if (lease === null) {
    say('The service is running. Stop it first.');
    return exitCode.busy;
  }
  try {
    const { version, states } = await store.load();
    const state = states.find((one) => one.country === country);
    const incidents = state === undefined ? null : askAdoption(state.incidents, family);
    if (state === undefined || incidents === null) {
      say(`${country} has no open ${familyNames[family]} incident.`);
      return exitCode.failed;
    }
    await store.commit({
      lease,
      version: version + 1,
      at: clock.now(),
      states: [{ ...state, incidents }],
      rows: [],
      events: [],
      records: [],
      health: null,
    });
    stdout.write(`When the service starts again, the addresses that ${country} then has become its new normal.\n`);
    return exitCode.ok;
  } finally {
    await store.release(lease);
  }
}

function isFamily(text: string | undefined): text is Family {
  return families.some((family) => family === text);
}
