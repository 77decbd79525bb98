import { ArchiveFailure, type Archive, type FileVersion } from './archive.js';

/** The NRO's file had about 50 MB in 2026. */
const mostBytes = 200 * 1024 * 1024;
/** Longest line: a file without line ends is not a table. */
const mostLine = 4096;

export type RegistryDownload =
  /** Every line was told; `version`: by what to ask next time, null where the server names none. */
  | { readonly kind: 'whole'; readonly version: FileVersion | null }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface RegistryDownloadOptions {
  readonly server: Archive;
  readonly path: string;
  /** What is here already, whole; null: nothing. */
  readonly had: FileVersion | null;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Downloads a registry file and tells its lines as they come, so that the whole file is never in memory. */
export async function downloadRegistry({
  server,
  path,
  had,
  onLine,
  signal,
}: RegistryDownloadOptions): Promise<RegistryDownload> {
  try {
    const file =
      had === null
        ? await server.open(path, signal)
        : await server.openAgain(path, { version: had, bytes: 'whole' }, signal);
    if (file === 'unchanged') return { kind: 'unchanged' };
    if (file === 'absent') return { kind: 'failed', reason: 'HTTP 404' };
    const decoder = new TextDecoder('latin1');
    let bytes = 0;
    let rest = '';
    for await (const chunk of file.chunks) {
      bytes += chunk.length;
      if (bytes > mostBytes) return { kind: 'failed', reason: `it is larger than ${mostBytes / 1024 / 1024} MB` };
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      if (rest.length > mostLine) return { kind: 'failed', reason: 'it is no table of lines' };
    }
    onLine(rest);
    return { kind: 'whole', version: file.version };
  } catch (error) {
    if (error instanceof ArchiveFailure) return { kind: 'failed', reason: error.message };
    throw error;
  }
}
