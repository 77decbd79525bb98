import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { shippedRules } from '../../test/support/rules.js';
import { textsIn } from '../worlds/messages.js';

/** Bytes. */
export interface MemoryUse {
  readonly rss: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly arrayBuffers: number;
  readonly peak: number;
}

/** The memory of processes of full size, started one after the other. `script` is memory-child. */
export async function measureMemory(
  script: string,
  prefixes: readonly [Float64Array, Float64Array],
  frames: Buffer,
  dir: string,
  mixes: readonly { readonly count: number; readonly full: number }[],
): Promise<MemoryUse[]> {
  const files = [join(dir, 'codes4'), join(dir, 'codes6'), join(dir, 'texts')];
  writeFileSync(files[0], prefixes[0]);
  writeFileSync(files[1], prefixes[1]);
  const texts = textsIn(frames);
  const some = texts[10_000];
  writeFileSync(files[2], frames.subarray(0, some.byteOffset - frames.byteOffset + some.length));
  const used: MemoryUse[] = [];
  for (const { count, full } of mixes) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      ...files,
      JSON.stringify(shippedRules()),
      String(count),
      String(full),
    ]);
    used.push(JSON.parse(stdout) as MemoryUse);
  }
  return used;
}
