import { createHash } from 'node:crypto';
import type { Archive } from '../../../src/edges/feed/index.js';

/**
 * An archive without a network. `given`: the bytes of the file at a path, compressed or not; null while there is no
 * file.
 */
export function memoryArchive(given: (path: string) => Uint8Array | null): Archive {
  const fileAt = (path: string): Uint8Array | null => {
    const bytes = given(path);
    return bytes?.length === 0 ? nothing : bytes;
  };
  const open: Archive['open'] = (path) => {
    const bytes = fileAt(path);
    if (bytes === null) return Promise.resolve('absent');
    // eslint-disable-next-line @typescript-eslint/require-await -- as the archive gives it
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield bytes!;
    }
    return Promise.resolve({
      bytesTotal: bytes.length,
      startsAt: 0,
      version: { etag: tagOf(bytes), lastModified: null },
      chunks: chunks(),
    });
  };
  return {
    url: 'memory:',
    counters: {
      requests: { ok: 0, 'not-modified': 0, absent: 0, resumed: 0, truncated: 0, corrupt: 0, failed: 0 },
      bytes: 0,
    },
    open,
    openAgain(path, { version, bytes }, signal) {
      const there = fileAt(path);
      return bytes === 'whole' && there !== null && tagOf(there) === version.etag
        ? Promise.resolve('unchanged')
        : open(path, signal);
    },
    exists: (path) => Promise.resolve(fileAt(path) !== null),
    turn: () => Promise.resolve(() => undefined),
    rest: () => undefined,
  };
}

/** A record header of an unknown type without a body. The archive has no empty files. */
const nothing = new Uint8Array(12);

const tagOf = (bytes: Uint8Array): string => `"${createHash('sha1').update(bytes).digest('hex')}"`;
