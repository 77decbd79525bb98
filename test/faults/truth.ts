/**
 * The truth of a schedule: what the collectors record, every message of every peer since the RIBs, including the faults
 * in the network itself.
 */
import { seededRandom } from '../support/random.js';
import { Agenda } from './agenda.js';
import { below, between, oneOf, type Random } from './chance.js';
import { minute, type Outage, type Schedule } from './schedule.js';

const second = 1_000;
/** Prefixes in one UPDATE of a table transfer or of a large withdrawal. */
const updatePrefixes = 60;

export interface TrueMessage {
  /** The collector's timestamp, ms. */
  readonly at: number;
  readonly peer: number;
  readonly kind: 'update' | 'idle' | 'up' | 'down';
  /** Indexes into the model's prefixes. An update has at least one of the two lists. */
  readonly announce: readonly number[];
  readonly withdraw: readonly number[];
  /** The AS between peer and origin. */
  readonly via: number;
}

export interface Truth {
  /** In order of time. */
  readonly messages: readonly TrueMessage[];
  /** By outage, when each prefix went and came back, at the median peer. */
  readonly darkness: ReadonlyMap<Outage, readonly Dark[]>;
}

export interface Dark {
  readonly prefix: number;
  readonly from: number;
  readonly to: number;
}

const none: readonly number[] = [];

/** Everything recorded from the time of the RIBs to the end of the schedule. */
export function createTruth(schedule: Schedule): Truth {
  const { model, ribAt, from, to, outages, faults } = schedule;
  const random = seededRandom(schedule.seed * 31_337 + 7);
  const network = new Network(schedule, random);
  // Long before the service watches, few messages are enough.
  const busyFrom = Math.max(ribAt, from - 20 * minute);
  for (const collector of model.collectors) chatter(network, collector, ribAt, busyFrom, to);
  singleFlaps(network, busyFrom + minute, to - 15 * minute, outages);

  for (const fault of faults) {
    if (fault.kind === 'reset') {
      for (const peer of fault.peers) {
        const at = fault.at + between(random, 0, 5 * second);
        network.at(at, () => network.lose(peer, fault.stated, at));
        const back = at + fault.downMs;
        network.at(back, () => network.transfer(peer, fault.stated, back, fault.transferMs));
      }
    } else if (fault.kind === 'peers-down') {
      for (const peer of fault.peers) {
        const at = fault.at + between(random, 0, 20 * second);
        network.at(at, () => network.lose(peer, fault.stated, at));
        const back = at + fault.ms;
        network.at(back, () => network.transfer(peer, fault.stated, back, fault.transferMs));
      }
    } else if (fault.kind === 'dump')
      network.at(fault.at, () => network.dump(fault.peer, fault.share, fault.at, fault.overMs, fault.backAfterMs));
  }
  const darkness = new Map(outages.map((outage) => [outage, goDark(network, outage, random)]));
  return { messages: network.run(to), darkness };
}

/** The peers' tables over time. Its acts are played in the order of their times. */
class Network {
  readonly schedule: Schedule;
  readonly random: Random;
  /** By prefix, whether it is announced at its origin. */
  readonly routed: Uint8Array;
  readonly #tables: readonly Uint8Array[];
  readonly #up: boolean[];
  /** By peer, what it withdrew by itself and has not announced again. */
  readonly #dumped: readonly Set<number>[];
  /** By peer, prefixes that it keeps although they are no longer routed. */
  readonly kept: readonly Set<number>[];
  /** By peer, a number that grows when its session is lost, which cancels what was under way in it. */
  readonly #session: number[];
  readonly #messages: TrueMessage[] = [];
  readonly #agenda = new Agenda();

  constructor(schedule: Schedule, random: Random) {
    const { peers, prefixes } = schedule.model;
    this.schedule = schedule;
    this.random = random;
    this.routed = new Uint8Array(prefixes.length).fill(1);
    this.#tables = peers.map(({ member }) => Uint8Array.from(member));
    this.#up = peers.map(() => true);
    this.#dumped = peers.map(() => new Set());
    this.kept = peers.map(() => new Set());
    this.#session = peers.map(() => 0);
  }

  at(at: number, act: () => void): void {
    this.#agenda.add(at, act);
  }

  /** Plays all acts up to `to`, including those that acts add. */
  run(to: number): TrueMessage[] {
    this.#agenda.run(to);
    return this.#messages.sort((a, b) => a.at - b.at);
  }

  say(at: number, peer: number, kind: TrueMessage['kind'], announce = none, withdraw = none): void {
    this.#messages.push({ at: Math.round(at), peer, kind, announce, withdraw, via: 3_000 + below(this.random, 200) });
  }

  isUp = (peer: number): boolean => this.#up[peer];
  has = (peer: number, prefix: number): boolean => this.#up[peer] && this.#tables[peer][prefix] === 1;

  announce(at: number, peer: number, prefixes: readonly number[]): void {
    if (!this.#up[peer]) return;
    const { member } = this.schedule.model.peers[peer];
    const own = prefixes.filter(
      (prefix) => member[prefix] === 1 && this.routed[prefix] === 1 && !this.#dumped[peer].has(prefix),
    );
    for (const prefix of own) this.#tables[peer][prefix] = 1;
    for (let first = 0; first < own.length; first += updatePrefixes)
      this.say(at, peer, 'update', own.slice(first, first + updatePrefixes));
  }

  withdraw(at: number, peer: number, prefixes: readonly number[]): void {
    if (!this.#up[peer]) return;
    const own = prefixes.filter((prefix) => this.#tables[peer][prefix] === 1 && !this.kept[peer].has(prefix));
    for (const prefix of own) this.#tables[peer][prefix] = 0;
    for (let first = 0; first < own.length; first += updatePrefixes)
      this.say(at, peer, 'update', none, own.slice(first, first + updatePrefixes));
  }

  lose(peer: number, stated: boolean, at: number): void {
    if (!this.#up[peer]) return;
    this.#up[peer] = false;
    this.#session[peer]++;
    if (stated) this.say(at, peer, 'down');
  }

  /** The session is back, and sends its whole table within `ms`. */
  transfer(peer: number, stated: boolean, at: number, ms: number): void {
    if (this.#up[peer]) return;
    this.#up[peer] = true;
    this.#dumped[peer].clear();
    const session = ++this.#session[peer];
    if (stated) this.say(at, peer, 'up');
    const { member } = this.schedule.model.peers[peer];
    const kept = this.kept[peer];
    const table = this.#tables[peer];
    const all: number[] = [];
    for (let prefix = 0; prefix < member.length; prefix++) {
      table[prefix] = 0;
      if (member[prefix] === 1 && (this.routed[prefix] === 1 || kept.has(prefix))) all.push(prefix);
    }
    const parts = Math.ceil(all.length / updatePrefixes);
    for (let part = 0; part < parts; part++) {
      const when = at + 100 + ((part + 1) * ms) / parts;
      this.at(when, () => {
        if (this.#session[peer] !== session) return;
        const now = all
          .slice(part * updatePrefixes, (part + 1) * updatePrefixes)
          .filter((prefix) => this.routed[prefix] === 1 || kept.has(prefix));
        for (const prefix of now) table[prefix] = 1;
        if (now.length > 0) this.say(when, peer, 'update', now);
      });
    }
  }

  /** A peer withdraws a share of its table, and announces it again later. */
  dump(peer: number, share: number, at: number, overMs: number, backAfterMs: number): void {
    if (!this.#up[peer]) return;
    const session = this.#session[peer];
    const chosen = this.schedule.model.prefixes
      .map(({ index }) => index)
      .filter((prefix) => this.#tables[peer][prefix] === 1 && this.random() < share);
    const parts = Math.ceil(chosen.length / updatePrefixes);
    for (let part = 0; part < parts; part++) {
      const own = chosen.slice(part * updatePrefixes, (part + 1) * updatePrefixes);
      const gone = at + (part * overMs) / parts;
      this.at(gone, () => {
        if (this.#session[peer] !== session) return;
        this.withdraw(gone, peer, own);
        for (const prefix of own) this.#dumped[peer].add(prefix);
      });
      const back = at + overMs + backAfterMs + (part * overMs) / parts;
      this.at(back, () => {
        for (const prefix of own) this.#dumped[peer].delete(prefix);
        this.announce(back, peer, own);
      });
    }
  }
}

/**
 * Every collector's peers send something every few seconds: a route by another path, a keepalive, and now and then a
 * withdrawal of one route for a while.
 */
function chatter(network: Network, collector: string, from: number, busyFrom: number, to: number): void {
  const { random } = network;
  const { peers, prefixes } = network.schedule.model;
  const own = peers.filter((peer) => peer.collector === collector);
  const say = (at: number): void => {
    const { index } = oneOf(random, own);
    if (!network.isUp(index)) {
      const other = own.find((peer) => network.isUp(peer.index));
      if (other !== undefined) network.say(at, other.index, 'idle');
      return;
    }
    const prefix = below(random, prefixes.length);
    const dice = random();
    if (dice < 0.2 || !network.has(index, prefix)) network.say(at, index, 'idle');
    else if (dice < 0.92 || prefixes[prefix].country === 'KP') network.announce(at, index, [prefix]);
    else {
      network.withdraw(at, index, [prefix]);
      const back = at + between(random, 20, 600) * second;
      network.at(back, () => network.announce(back, index, [prefix]));
    }
  };
  let at = from + between(random, 0, 2_000);
  while (at < to) {
    const when = at;
    network.at(when, () => say(when));
    at += at < busyFrom ? between(random, 60, 120) * second : between(random, 4, 8) * second;
  }
}

/** Single prefixes disappear for a few minutes, one at a time, as they do everywhere all day. */
function singleFlaps(network: Network, from: number, to: number, outages: readonly Outage[]): void {
  const {
    random,
    schedule: { model },
  } = network;
  const dark = new Set(outages.map(({ country }) => country));
  const flapping = model.prefixes.filter(({ country }) => !dark.has(country));
  for (let at = from; at < to; at += between(random, 6, 14) * minute) {
    const { index: prefix } = oneOf(random, flapping);
    const back = at + between(random, 30, 240) * second;
    network.at(at, () => network.routed.fill(0, prefix, prefix + 1));
    network.at(back, () => network.routed.fill(1, prefix, prefix + 1));
    for (const { index: peer } of model.peers) {
      if (random() < 0.03) continue; // this peer never heard that it was gone
      const gone = at + between(random, 100, 8_000);
      const again = back + between(random, 100, 8_000);
      network.at(gone, () => network.withdraw(gone, peer, [prefix]));
      network.at(again, () => network.announce(again, peer, [prefix]));
    }
  }
}

function goDark(network: Network, outage: Outage, random: Random): Dark[] {
  const { model } = network.schedule;
  const own = model.prefixes.filter(({ country }) => country === outage.country);
  for (const zombie of outage.zombies) for (const { index } of own) network.kept[zombie].add(index);
  // Network after network, each with all its prefixes.
  const origins = [...new Set(own.map(({ origin }) => origin))];
  const dark: Dark[] = [];
  for (const [place, origin] of origins.entries()) {
    const prefixes = own.filter((prefix) => prefix.origin === origin).map(({ index }) => index);
    const share = origins.length === 1 ? 0 : place / (origins.length - 1);
    const gone = outage.from + share * outage.overMs;
    const back = outage.to + share * outage.backOverMs;
    const route = (routed: 0 | 1): void => prefixes.forEach((prefix) => (network.routed[prefix] = routed));
    network.at(gone, () => route(0));
    network.at(back, () => route(1));
    for (const { index: peer } of model.peers) {
      const withdrawn = gone + between(random, 100, 9_000);
      const announced = back + between(random, 100, 9_000);
      network.at(withdrawn, () => network.withdraw(withdrawn, peer, prefixes));
      network.at(announced, () => network.announce(announced, peer, prefixes));
    }
    dark.push(...prefixes.map((prefix) => ({ prefix, from: gone + 6_750, to: back + 4_500 })));
  }
  return dark;
}
