import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerIndex } from '../../core/bgp/index.js';
import { assertFonts } from '../../edges/chart/index.js';
import { loadRuleFiles } from '../../edges/config/index.js';
import { renderLine } from '../../core/report/index.js';
import { ChartRecorder } from '../bot/chart-recorder.js';
import { readConfigFile } from '../config-files.js';
import { unwritable } from '../output-folder.js';
import { loadRegistry } from '../registry/registry.js';
import { runReplay } from '../replay/replay-run.js';
import { exitCode, type ExitCode, type World } from '../world.js';
import { demoRibs, demoTimes, demoUpdates } from './stream.js';

const country = 'KP';

/**
 * Replays North Korea, December 2014, offline: prints the alerts that lightsout would have posted, draws the chart, and
 * prints the name of its file last.
 */
export async function demo(argv: readonly string[], world: World): Promise<ExitCode> {
  if (argv.length > 0) {
    world.stderr.write('usage: npm run demo\n');
    return exitCode.usage;
  }
  assertFonts();
  const files = loadRuleFiles(world.env, readConfigFile, {});
  if (files.kind === 'invalid') {
    for (const problem of files.problems) world.stderr.write(`${problem}\n`);
    return exitCode.config;
  }
  const folder = join(files.dataDir, 'demo');
  const trouble = await unwritable('DATA_DIR', folder);
  if (trouble !== null) {
    world.stderr.write(`${trouble}\n`);
    return exitCode.config;
  }
  world.stdout.write(
    'North Korea, 20-23 December 2014. The stream is reconstructed: the routes are real (PCH, AS3856), the ' +
      'times are the published\n' +
      'ones, the run-up is invented between them, and 24 synthetic peers see what one real peer saw.\n\n',
  );
  const peers = new PeerIndex();
  const chart = new ChartRecorder([country]);
  const lines: string[] = [];
  await runReplay({
    peers,
    map: await loadRegistry(files.countries.ignored),
    groups: [],
    rules: files.rules,
    countries: new Set([country]),
    ribs: demoRibs(peers),
    updates: [demoUpdates(peers)],
    until: demoTimes.end,
    onEvent: (event) => {
      lines.push(renderLine(event));
      chart.event(event);
    },
    onTick: (at, view) => chart.tick(at, view),
    warn: (text) => world.stderr.write(`${text}\n`),
  });
  world.stdout.write(`${lines.join('\n')}\n\n`);
  const drawn = chart
    .charts('IPv4 routes visible to 24 synthetic peers, 20-23 December 2014', 'reconstructed, routes of PCH')
    .get(country);
  if (drawn === undefined) {
    world.stderr.write('Nothing was measured, so there is no chart. Restore the config/rules.json that ships.\n');
    return exitCode.failed;
  }
  const file = join(folder, 'north-korea-2014.png');
  await writeFile(file, drawn.png);
  world.stdout.write(`${drawn.altText}\n${file}\n`);
  return exitCode.ok;
}
