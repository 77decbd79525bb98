/** RIS Live frames as the server writes them: 676 bytes and 1.9 prefixes on average. */
import { formatPrefix, type FamilyIndex } from '../../src/core/bgp/index.js';
import { risUpdate } from '../../test/support/feed/ris-message.js';
import { seededRandom } from '../../test/support/random.js';
import { below, type Random } from './random.js';
import { originOf, type Session } from './sessions.js';

/** A block is one tick of ten seconds at the whole feed's average (RIPE RIS, 2026: some 7,000 messages a second). */
export const blockMessages = 70_000;
export const blockMs = 10_000;
export const blockCount = 4;

/** One message in this many withdraws; the next one announces the prefixes again. */
const withdrawalEvery = 12;
/** Half of the updates are about one prefix in fifty. */
const busyShare = 0.02;

/** All frames in one buffer; a frame is a WebSocket header (RFC 6455) and a text. */
export interface Messages {
  readonly frames: Buffer;
  /** The text of each frame. */
  readonly texts: readonly Buffer[];
  readonly prefixes: number;
}

const headerOctets = 4;
/** The position, within a text, of the ten digits of the seconds. */
const secondsAt = '{"type":"ris_message","data":{"timestamp":'.length;

interface Route {
  readonly session: Session;
  readonly family: FamilyIndex;
  readonly first: number;
  readonly count: number;
}

/**
 * Blocks, one after the other. Each block announces what the block before withdrew; the first one announces what the
 * last withdrew, so that blocks can be repeated.
 */
export function makeMessages(
  sessions: readonly Session[],
  prefixes: readonly [Float64Array, Float64Array],
  startAt: number,
): Messages {
  const random = seededRandom(11);
  const full = sessions.filter(({ share }) => share > 0.9);
  const paths = Array.from({ length: 4096 }, () =>
    Array.from({ length: 2 + below(random, 4) }, () => 1 + below(random, 400_000)),
  );
  const withdrawals = Math.ceil(blockMessages / withdrawalEvery);
  const withdrawn = Array.from({ length: blockCount }, () =>
    Array.from({ length: withdrawals }, () => makeRoute(full, prefixes, random)),
  );

  const texts: string[] = [];
  let count = 0;
  for (let block = 0; block < blockCount; block++) {
    const again = withdrawn.at(block - 1)!;
    for (let index = 0; index < blockMessages; index++) {
      const at = startAt + block * blockMs + Math.floor((index * blockMs) / blockMessages);
      const turn = index % withdrawalEvery;
      const number = (index - turn) / withdrawalEvery;
      const route =
        turn === 0
          ? withdrawn[block][number]
          : turn === 1
            ? again[number]
            : makeRoute(random() < 0.85 ? full : sessions, prefixes, random);
      texts.push(turn === 0 ? withdraw(route, at) : announce(route, at));
      count += route.count;
    }
  }
  return { ...framed(texts), prefixes: count };

  function announce({ session, family, first, count: length }: Route, at: number): string {
    const { collector, address, asn } = session;
    const codes = prefixes[family].subarray(first, first + length);
    const community = Array.from(
      { length: 20 + below(random, 13) },
      () => [below(random, 65_536), below(random, 65_536)] as const,
    );
    return risUpdate({
      collector,
      peer: address,
      asn,
      at,
      community,
      path: [asn, ...paths[below(random, paths.length)], originOf(codes[0])],
      announce: Array.from(codes, (code) => formatPrefix(family, code)),
    });
  }

  function withdraw({ session, family, first, count: length }: Route, at: number): string {
    const { collector, address, asn } = session;
    const codes = prefixes[family].subarray(first, first + length);
    return risUpdate({
      collector,
      peer: address,
      asn,
      at,
      withdraw: Array.from(codes, (code) => formatPrefix(family, code)),
    });
  }
}

function makeRoute(among: readonly Session[], prefixes: readonly [Float64Array, Float64Array], random: Random): Route {
  const family = random() < 0.25 ? 1 : 0;
  const count = random() < 0.68 ? 1 : 2 + below(random, 4) + (random() < 0.05 ? 4 : 0);
  const all = prefixes[family].length - 16;
  const busy = below(random, Math.floor(all * busyShare)) * Math.round(1 / busyShare);
  return {
    session: among[below(random, among.length)],
    family,
    first: random() < 0.5 ? Math.min(busy, all) : below(random, all),
    count,
  };
}

function framed(texts: readonly string[]): Pick<Messages, 'frames' | 'texts'> {
  const frames = Buffer.allocUnsafeSlow(texts.reduce((sum, text) => sum + headerOctets + text.length, 0));
  const views: Buffer[] = [];
  let pos = 0;
  for (const text of texts) {
    if (text.length < 126 || text.length > 65_535)
      throw new Error(`a text of ${text.length} bytes needs another frame header`);
    frames.writeUInt16BE(0x817e, pos);
    frames.writeUInt16BE(text.length, pos + 2);
    pos += headerOctets;
    frames.write(text, pos, 'latin1');
    views.push(frames.subarray(pos, pos + text.length));
    pos += text.length;
  }
  return { frames, texts: views };
}

/** The texts in a buffer that framed() made. */
export function textsIn(frames: Buffer): Buffer[] {
  const texts: Buffer[] = [];
  for (let pos = 0; pos < frames.length;) {
    const start = pos + headerOctets;
    pos = start + frames.readUInt16BE(pos + 2);
    texts.push(frames.subarray(start, pos));
  }
  return texts;
}

/** Adds seconds to the time of each text, in place. */
export function postpone(texts: readonly Buffer[], seconds: number): void {
  for (const text of texts)
    text.write(String(Number(text.toString('latin1', secondsAt, secondsAt + 10)) + seconds), secondsAt, 'latin1');
}
