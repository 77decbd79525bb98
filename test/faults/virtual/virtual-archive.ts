/**
 * The archive of a schedule's truth, in memory: real bytes, published late, and served as badly as the schedule says.
 */
import { gzipSync } from 'node:zlib';
import type { Clock } from '../../../src/edges/clock.js';
import type { Archive } from '../../../src/edges/feed/index.js';
import { ArchiveFailure } from '../../../src/edges/feed/archive/archive.js';
import type { BadServing, Fault, Schedule } from '../schedule.js';
import { minute } from '../schedule.js';
import type { TrueMessage, Truth } from '../truth.js';
import { ribFile, updatesFile } from './wire.js';

const fileMs = 5 * minute;
const ribEveryMs = 8 * 60 * minute;
const chunkBytes = 1 << 16;
/** From the request to the last byte. */
const takesMs = { rib: 20_000, updates: 300 } as const;

interface Wanted {
  readonly collector: string;
  readonly kind: 'rib' | 'updates';
  /** A RIB's time, or an update file's start. */
  readonly start: number;
}

/** away: no answer. file: `gz`, cut off after `octets` or served as if it were whole. */
export type Answer =
  | { readonly kind: 'absent' | 'away' | 'broken' }
  | { readonly kind: 'file'; readonly gz: Buffer; readonly octets: number; readonly cut: boolean };

export class VirtualArchive {
  readonly #schedule: Schedule;
  readonly #byCollector: ReadonlyMap<string, readonly TrueMessage[]>;
  readonly #served = new Map<string, number>();

  constructor(schedule: Schedule, truth: Truth) {
    this.#schedule = schedule;
    const { peers, collectors } = schedule.model;
    this.#byCollector = new Map(
      collectors.map((collector) => [
        collector,
        truth.messages.filter(({ peer }) => peers[peer].collector === collector),
      ]),
    );
  }

  /** The archive as one process sees it, by its clock. */
  opener(clock: Clock): Archive {
    const open: Archive['open'] = async (path, signal) => {
      if (this.isThere(path, clock.now()))
        await clock.sleep(path.endsWith('bview.gz') ? takesMs.rib : takesMs.updates, signal);
      signal.throwIfAborted();
      const answer = this.answer(path, clock.now());
      switch (answer.kind) {
        case 'absent':
          return 'absent';
        case 'away':
          throw new ArchiveFailure('connect ECONNREFUSED');
        case 'broken':
          throw new ArchiveFailure('status 500');
        case 'file':
          return { bytesTotal: answer.octets, startsAt: 0, version: null, chunks: chunksOf(answer) };
      }
    };
    return {
      url: 'virtual:',
      open,
      openAgain: (path, _, signal) => open(path, signal),
      counters: {
        requests: { ok: 0, 'not-modified': 0, absent: 0, resumed: 0, truncated: 0, corrupt: 0, failed: 0 },
        bytes: 0,
      },
      exists: (path) => Promise.resolve(this.isThere(path, clock.now())),
      turn: () => Promise.resolve(() => undefined),
      rest: () => undefined,
    };
  }

  isThere(path: string, now: number): boolean {
    return this.#parse(path, now) !== null;
  }

  /** The intact file at this path; null if there is none yet. */
  file(path: string, now: number): Buffer | null {
    const wanted = this.#parse(path, now);
    return wanted === null ? null : this.#bytes(wanted);
  }

  /** The answer to a request for this path (rrc00/latest-bview.gz) at this time. */
  answer(path: string, now: number): Answer {
    const during = (fault: Fault & { ms: number }): boolean => now >= fault.at && now < fault.at + fault.ms;
    const { faults } = this.#schedule;
    if (faults.some((fault) => fault.kind === 'archive-away' && during(fault))) return { kind: 'away' };
    const wanted = this.#parse(path, now);
    if (wanted === null) return { kind: 'absent' };
    let serving: BadServing | 'whole' = 'whole';
    for (const fault of faults) {
      if (fault.kind !== 'bad-files' || !fault.collectors.includes(wanted.collector) || !during(fault)) continue;
      const times = this.#served.get(path) ?? 0;
      this.#served.set(path, times + 1);
      if (times < fault.times) serving = fault.serving;
    }
    if (serving === 'broken' || serving === 'absent') return { kind: serving };
    let gz = this.#bytes(wanted);
    const octets = gz.length;
    if (serving === 'truncated' || serving === 'reset') gz = gz.subarray(0, gz.length >> 1);
    if (serving === 'corrupt') {
      gz = Buffer.from(gz);
      gz.fill(0xa5, gz.length >> 1, (gz.length >> 1) + 64);
    }
    return { kind: 'file', gz, octets: serving === 'truncated' ? gz.length : octets, cut: serving === 'reset' };
  }

  /** The RIB or update file of a path, if it is published by now. */
  #parse(path: string, now: number): Wanted | null {
    const [collector, ...rest] = path.split('/');
    const name = rest.join('/');
    if (!this.#byCollector.has(collector)) return null;
    if (name === 'latest-bview.gz') {
      const { ribAt } = this.#schedule;
      // Writing and compressing a RIB takes a while.
      const newest = Math.floor((now - 25 * minute) / ribEveryMs) * ribEveryMs;
      return { collector, kind: 'rib', start: Math.max(ribAt, newest) };
    }
    const digits = /updates\.(\d{4})(\d\d)(\d\d)\.(\d\d)(\d\d)\.gz$/.exec(name)?.slice(1).map(Number);
    if (digits === undefined) return null;
    const start = Date.UTC(digits[0], digits[1] - 1, digits[2], digits[3], digits[4]);
    return now < this.#publishedAt(collector, start) ? null : { collector, kind: 'updates', start };
  }

  #publishedAt(collector: string, start: number): number {
    // One to four minutes after its end, the same each time.
    let at = start + fileMs + minute + (((start / fileMs) * 37 + collector.charCodeAt(4) * 53) % 180) * 1_000;
    for (const fault of this.#schedule.faults) {
      if (fault.kind !== 'late-files' || !fault.collectors.includes(collector)) continue;
      if (start + fileMs >= fault.at && start < fault.at + fault.ms) at += fault.byMs;
    }
    return at;
  }

  #bytes({ collector, kind, start }: Wanted): Buffer {
    if (kind === 'rib') return ribOf(this.#schedule, collector, start, this.#byCollector.get(collector)!);
    const messages = this.#byCollector.get(collector)!;
    const first = lowerBound(messages, start);
    return gzipSync(updatesFile(this.#schedule.model, messages.slice(first, lowerBound(messages, start + fileMs))), {
      level: 1,
    });
  }
}

async function* chunksOf({ gz, cut }: Extract<Answer, { kind: 'file' }>): AsyncGenerator<Uint8Array> {
  for (let pos = 0; pos < gz.length; pos += chunkBytes) yield await Promise.resolve(gz.subarray(pos, pos + chunkBytes));
  if (cut) throw new ArchiveFailure('terminated');
}

/** The first message at or after `at`. */
export function lowerBound(messages: readonly { readonly at: number }[], at: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle].at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By model, its RIBs before anything happens. All its schedules share them, except for their time. */
const firstRibs = new WeakMap<object, Map<string, Buffer>>();

function ribOf({ model, ribAt }: Schedule, collector: string, at: number, messages: readonly TrueMessage[]): Buffer {
  const { peers } = model;
  if (at > ribAt) {
    const tables = new Map(
      peers.filter((peer) => peer.collector === collector).map(({ index, member }) => [index, Uint8Array.from(member)]),
    );
    for (const { peer, kind, announce, withdraw } of messages.slice(0, lowerBound(messages, at))) {
      const table = tables.get(peer)!;
      if (kind === 'down') table.fill(0);
      for (const prefix of withdraw) table[prefix] = 0;
      for (const prefix of announce) table[prefix] = 1;
    }
    return gzipSync(
      ribFile(model, collector, at, (peer, prefix) => tables.get(peer)![prefix] === 1),
      { level: 1 },
    );
  }
  let known = firstRibs.get(model);
  if (known === undefined) firstRibs.set(model, (known = new Map<string, Buffer>()));
  const name = `${collector} ${at}`;
  let gz = known.get(name);
  if (gz === undefined) {
    gz = gzipSync(
      ribFile(model, collector, at, (peer, prefix) => peers[peer].member[prefix] === 1),
      { level: 1 },
    );
    known.set(name, gz);
  }
  return gz;
}
