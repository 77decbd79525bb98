/**
 * A seeded small Internet of 24 peers on three collectors. It gives half an hour of messages twice: as RIS Live's JSON
 * in the order of arrival, and as the archive's MRT files in the order of the collectors' clocks.
 */
import { mrtPeerTable, mrtRib, mrtStateChange, mrtUpdate, type MrtSession } from './mrt-writer.js';
import { seededRandom } from '../random.js';
import { risState, risUpdate } from './ris-message.js';

export const second = 1_000;
export const minute = 60 * second;
export const fileMs = 5 * minute;
export const ribTime = Date.UTC(2024, 0, 1, 8);
export const streamEnds = ribTime + 30 * minute;
/** No session ends or begins after this. */
const lastState = ribTime + 17 * minute;
const origin = 64_500;

export const collectors = ['rrc00', 'rrc01', 'rrc03'];
/** By collector, the shortest time a message takes to arrive. */
const lagMs = [300, 4_000, 14_000];
/** A message may take up to this much longer, so messages of different peers overtake each other. */
const jitterMs = 1_900;

export const prefixes = [
  ...Array.from({ length: 40 }, (_, index) => `5.${index}.0.0/16`),
  ...Array.from({ length: 12 }, (_, index) => `2a00:${(index + 1).toString(16)}::/32`),
];
/** Never withdrawn: announcing it shows that a collector is there. */
const heartbeat = prefixes[0];

export interface Said {
  readonly at: number;
  readonly arrives: number;
  readonly collector: string;
  readonly frame: Buffer;
  readonly record: Uint8Array;
}

interface Speaker extends MrtSession {
  readonly collector: number;
  readonly table: readonly string[];
  /** The time at which its session comes back. */
  downUntil: number;
  lastArrival: number;
}

export class CutStream {
  /** In the order of arrival. */
  readonly said: readonly Said[];
  readonly #speakers: readonly Speaker[];
  readonly #files = new Map<string, Uint8Array>();

  constructor(seed: number) {
    const random = seededRandom(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
    this.#speakers = Array.from({ length: 24 }, (_, index) => {
      // Every sixth peer has about the share of the full table that makes a full feed.
      const share = index % 6 === 5 ? 0.7 + random() * 0.07 : 0.97;
      return {
        collector: index % 3,
        address: index % 2 === 0 ? `192.0.2.${index + 1}` : `2001:db8::${index + 1}`,
        asn: 64_600 + index,
        table: prefixes.filter((prefix) => prefix === heartbeat || random() < share),
        downUntil: 0,
        lastArrival: 0,
      };
    });
    const said: Said[] = [];
    const say = (
      at: number,
      speaker: Speaker,
      what: { announce?: readonly string[]; withdraw?: readonly string[]; state?: 'up' | 'down' },
    ): void => {
      const collector = collectors[speaker.collector];
      const session = { collector, peer: speaker.address, asn: speaker.asn, at };
      const routes = { path: [speaker.asn, origin], announce: what.announce ?? [], withdraw: what.withdraw ?? [] };
      const frame = Buffer.from(
        what.state === undefined ? risUpdate({ ...session, ...routes }) : risState({ ...session, state: what.state }),
      );
      const [from, to] = what.state === 'up' ? [5, 6] : [6, 1];
      const record =
        what.state === undefined ? mrtUpdate(at, { peer: speaker, ...routes }) : mrtStateChange(at, speaker, from, to);
      speaker.lastArrival = Math.max(
        speaker.lastArrival,
        at + lagMs[speaker.collector] + Math.floor(random() * jitterMs),
      );
      const one = { at, arrives: speaker.lastArrival, collector, frame, record };
      said.push(one);
      if (random() < 0.03) said.push({ ...one, record: new Uint8Array(0) });
    };
    const later: { readonly at: number; readonly act: () => void }[] = [];
    for (let at = ribTime + 50; at < streamEnds; at += 1 + Math.floor(random() * 5_000)) {
      for (const { act } of later.filter((one) => one.at <= at)) act();
      later.splice(0, later.length, ...later.filter((one) => one.at > at));
      for (const [collector] of collectors.entries()) {
        const voices = this.#speakers.filter((one) => one.collector === collector && one.downUntil <= at);
        if (voices.length > 0 && random() < 0.3) say(at, pick(voices), { announce: [heartbeat] });
      }
      const speaker = pick(this.#speakers);
      if (speaker.downUntil > at) continue;
      const routes = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(speaker.table.slice(1)));
      if (random() < 0.02 && at < lastState) {
        const back = Math.min(lastState, at + Math.floor(random() * 90 * second));
        speaker.downUntil = back;
        // A session that flaps may not report its end.
        if (random() < 0.8) say(at, speaker, { state: 'down' });
        later.push({
          at: back,
          act: () => {
            const { table } = speaker;
            say(back, speaker, { state: 'up' });
            for (let from = 0; from < table.length; from += 8) {
              const sent = back + from * 400;
              later.push({ at: sent, act: () => say(sent, speaker, { announce: table.slice(from, from + 8) }) });
            }
          },
        });
      } else if (random() < 0.3) say(at, speaker, { withdraw: routes });
      else say(at, speaker, { announce: routes });
    }
    this.said = said.sort((a, b) => a.arrives - b.arrives);
    for (const collector of collectors) this.#write(collector, said);
  }

  /** The file of that path, once it is published: three minutes after it ends. */
  file(path: string, now: number): Uint8Array | null {
    const start = /updates\.(\d{4})(\d\d)(\d\d)\.(\d\d)(\d\d)/.exec(path)?.slice(1).map(Number);
    if (
      start !== undefined &&
      now < Date.UTC(start[0], start[1] - 1, start[2], start[3], start[4]) + fileMs + 3 * minute
    )
      return null;
    return this.#files.get(path) ?? null;
  }

  #write(collector: string, said: readonly Said[]): void {
    const own = this.#speakers.filter((one) => collectors[one.collector] === collector);
    const routes = prefixes.map((prefix) => {
      const entries = own.flatMap((one, peer) =>
        one.table.includes(prefix) ? [{ peer, path: [one.asn, origin] }] : [],
      );
      return mrtRib(ribTime, prefix, entries);
    });
    this.#files.set(`${collector}/latest-bview.gz`, Buffer.concat([mrtPeerTable(ribTime, own), ...routes]));
    const written = said
      .filter((one) => one.collector === collector)
      .map((one, index) => ({ ...one, index }))
      .sort((a, b) => a.at - b.at || a.index - b.index);
    for (let start = ribTime; start < streamEnds; start += fileMs) {
      const records = written.filter(({ at }) => at >= start && at < start + fileMs).map(({ record }) => record);
      const name = new Date(start).toISOString().slice(0, 16).replace(/[-:]/g, '').replace('T', '.');
      this.#files.set(`${collector}/2024.01/updates.${name}.gz`, Buffer.concat(records));
    }
  }
}
