import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Width of every page's body, in CSS pixels. */
const width = 680;

/**
 * Writes a PNG of a page, at two pixels per CSS pixel and as high as the page's content. Needs Chromium and pngquant on
 * the PATH.
 */
export function photograph(html: string, file: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'lightsout-picture-'));
  try {
    const page = join(folder, 'page.html');
    writeFileSync(
      page,
      html.replace('</main>', '</main><script>document.title = document.querySelector("main").offsetHeight</script>'),
    );
    const chromium = (...flags: readonly string[]): string =>
      run('chromium', [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--hide-scrollbars',
        '--force-device-scale-factor=2',
        `--user-data-dir=${join(folder, 'profile')}`,
        ...flags,
        pathToFileURL(page).href,
      ]);
    const height = /<title>(\d+)<\/title>/.exec(chromium(`--window-size=${width},1000`, '--dump-dom'))?.[1];
    if (height === undefined) throw new Error('Chromium did not say how high the page is');
    const raw = join(folder, 'raw.png');
    chromium(`--window-size=${width},${height}`, `--screenshot=${raw}`);
    run('pngquant', ['--force', '--strip', '--speed', '1', '--output', file, '192', raw]);
    console.log(`${file}: ${readFileSync(file).length} bytes`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(program: string, flags: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, flags, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return stdout;
}
