import type { UnixMillis } from '../../../core/bgp/index.js';

/** Update files are cut at whole multiples of this (RIS: every 5 min). */
export const updatesFileMs = 5 * 60_000;

/** Why a file could not be read, in words for an operator: a connection, a status, a stall. */
export class ArchiveFailure extends Error {
  override readonly name = 'ArchiveFailure';
  /** Asking again soon will not help: the server understood, and will not give it. */
  readonly lasting: boolean;
  /** How long the server asked to be left alone (Retry-After), capped; null where it did not. */
  readonly retryAfterMs: number | null;

  constructor(message: string, lasting = false, retryAfterMs: number | null = null) {
    super(message);
    this.lasting = lasting;
    this.retryAfterMs = retryAfterMs;
  }
}

/** By what a later request can tell whether the file is still the same (RFC 9110, 8.8). */
export interface FileVersion {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What is here of a file already: all of that version, or its first bytes. */
export interface HadFile {
  readonly version: FileVersion;
  readonly bytes: number | 'whole';
}

export interface ArchiveFile {
  /** Of the whole file, compressed; null where the server does not say. */
  readonly bytesTotal: number | null;
  /** Where `chunks` begin: 0, but for the rest of a file whose first bytes were there. */
  readonly startsAt: number;
  /** null if the server names none. Such a file is neither resumed nor requested conditionally. */
  readonly version: FileVersion | null;
  /**
   * As sent. If the connection breaks, the download is resumed; throws ArchiveFailure if that is not possible. Read only
   * as fast as it is consumed. Until it is consumed, given up, or the signal is aborted, it holds one of the client's
   * turns.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * How requests ended. ok: the body came to its end; resumed: a broken download was continued; truncated: the body broke
 * off; corrupt: the body is complete but not what it should be (its reader says so, and it counts as `ok` too); failed:
 * no answer, or a refusal.
 */
export type RequestOutcome = 'ok' | 'not-modified' | 'absent' | 'resumed' | 'truncated' | 'corrupt' | 'failed';

export interface ArchiveCounters {
  readonly requests: Record<RequestOutcome, number>;
  /** Of bodies, compressed. */
  bytes: number;
}

export interface Archive {
  readonly url: string;
  readonly counters: ArchiveCounters;
  /**
   * Opens a file by its path below the archive's address. `absent`: not there (404), or not yet. Rejects with
   * ArchiveFailure.
   */
  open(path: string, signal: AbortSignal): Promise<ArchiveFile | 'absent'>;
  /**
   * As open, for a file that is here or half here: `unchanged`, or its rest, or, where it is another now, all of it.
   */
  openAgain(path: string, had: HadFile, signal: AbortSignal): Promise<ArchiveFile | 'absent' | 'unchanged'>;
  /** Whether it is there; nothing of it is read. Rejects with ArchiveFailure. */
  exists(path: string, signal: AbortSignal): Promise<boolean>;
  /** Waits for one of the turns that bound the downloads of all users together; for who downloads elsewhere. */
  turn(signal: AbortSignal): Promise<() => void>;
  /** The server wishes to be left alone for so long: no request begins before. */
  rest(ms: number): void;
}

/** The newest RIB dump of a collector: https://data.ris.ripe.net/rrc00/latest-bview.gz */
export const ribPath = (collector: string): string => `${collector}/latest-bview.gz`;

/** The update file that starts then: rrc00/2024.01/updates.20240101.0005.gz */
export function updatesPath(collector: string, start: UnixMillis): string {
  return dated(collector, 'updates', start);
}

/** The RIB dump of that minute: rrc00/2024.01/bview.20240101.0800.gz */
export function bviewPath(collector: string, at: UnixMillis): string {
  return dated(collector, 'bview', at);
}

function dated(collector: string, kind: string, at: UnixMillis): string {
  const [year, month, day, hour, minute] = new Date(at).toISOString().split(/\D/);
  return `${collector}/${year}.${month}/${kind}.${year}${month}${day}.${hour}${minute}.gz`;
}
