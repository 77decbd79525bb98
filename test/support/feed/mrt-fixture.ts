import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import unbzip2 from 'unbzip2-stream';

/** The decompressed bytes of a file in test/fixtures/mrt. */
export async function mrtFixture(name: string): Promise<Buffer> {
  const file = readFileSync(new URL(`../../fixtures/mrt/${name}`, import.meta.url));
  if (name.endsWith('.gz')) return gunzipSync(file);
  if (!name.endsWith('.bz2')) return file;
  const stream = unbzip2();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(stream, 'end');
  stream.write(file);
  stream.end();
  await ended;
  return Buffer.concat(chunks);
}
