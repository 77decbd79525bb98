/** A table written in pieces, and taken over by another process. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ElemBatch, ElemKind, formatPrefix, parsePrefix, PeerIndex } from '../../../../src/core/bgp/index.js';
import { KeptTable, Table, type SnapshotPiece } from '../../../../src/core/table/index.js';
import { seededRandom } from '../../../support/random.js';
import { shippedRules } from '../../../support/rules.js';
import { prefixListener } from '../../../support/prefix-listener.js';

const minute = 60_000;
const start = 1_000_000_000_000;
const collectors = ['rrc00', 'rrc01', 'rrc03'];
const peerCount = 12;
const everyPeer = Array.from({ length: peerCount }, (_, peer) => peer);
/** No peer's volume is watched here, except in tests that set `guardedPrefixes`. */
const rulesOf = (guardedPrefixes: number): ReturnType<typeof shippedRules>['table'] =>
  shippedRules({ table: { minVoters: 4, minCollectors: 1, guardedPrefixes } }).table;
const prefixes = [
  Array.from({ length: 400 }, (_, index) => parsePrefix(`5.${index >> 4}.${(index & 15) * 16}.0/24`)!.code),
  Array.from({ length: 80 }, (_, index) => parsePrefix(`2a00:${(index + 256).toString(16)}::/32`)!.code),
] as const;

type Said = readonly [
  kind: keyof typeof ElemKind,
  at: number,
  peer: number,
  family: 0 | 1,
  code: number,
  origin: number,
];

class World {
  readonly peers = new PeerIndex();
  /** By family, the prefixes whose last verdict is up. */
  readonly up = [new Set<number>(), new Set<number>()] as const;
  readonly added = [0, 0];
  readonly table: Table;
  readonly #batch = new ElemBatch();

  constructor(guardedPrefixes: number) {
    this.table = new Table({
      peers: this.peers,
      settings: rulesOf(guardedPrefixes),
      configuredCollectors: collectors.length,
      listener: prefixListener({
        added: (family, id) => assert.equal(id, this.added[family]++, 'ids are dense'),
        flipped: (family, _id, code, _origin, isUp) => {
          assert.equal(this.up[family].has(code), !isUp, 'told once');
          if (isUp) this.up[family].add(code);
          else this.up[family].delete(code);
        },
        kept: (_family, from, to) => Uint32Array.from({ length: to - from }, (_, row) => this.keptOf(from + row)),
        restoreKept: (_family, from, numbers) =>
          numbers.forEach((number, row) => assert.equal(number, this.keptOf(from + row))),
      }),
    });
  }

  /** What the listener keeps of a prefix. */
  keptOf(id: number): number {
    return id * 7 + 1;
  }

  name(): this {
    for (let peer = 0; peer < peerCount; peer++)
      this.peers.intern(collectors[peer % 3], `192.0.2.${peer + 1}`, 64_500 + peer);
    return this;
  }

  say(said: readonly Said[]): void {
    const batch = this.#batch;
    batch.clear();
    for (const [kind, at, peer, family, code, origin] of said)
      batch.push(ElemKind[kind], family, peer, at, code, origin);
    this.table.apply(batch, 0, batch.length);
  }

  /** By family, the prefixes that the peer has. */
  seen(peer: number): [number[], number[]] {
    const of = (family: 0 | 1): number[] => {
      const { ids } = this.table.routes[family];
      const column = this.table.routes[family].column(peer);
      return [...ids.codes.subarray(0, ids.size)].filter((_, id) => column?.has(id) === true).sort((a, b) => a - b);
    };
    return [of(0), of(1)];
  }

  /** By peer and family, the prefixes that it has. */
  bits(): [number[], number[]][] {
    return everyPeer.map((peer) => this.seen(peer));
  }

  origins(): Map<string, number> {
    return new Map(
      [0, 1].flatMap((index) => {
        const { ids, origins } = this.table.routes[index as 0 | 1].prefixes;
        return [...ids.codes.subarray(0, ids.size)].map((code, id): [string, number] => [
          formatPrefix(index as 0 | 1, code),
          origins[id],
        ]);
      }),
    );
  }

  /**
   * Prefixes that at least half of the voters have and that are not up, or that less than a quarter has and that are
   * not down.
   */
  wrongVerdicts(): string[] {
    const counts = this.table.counts();
    return prefixes.flatMap((codes, index) =>
      codes
        .filter((code) => {
          const family = index as 0 | 1;
          const share = this.table.routes[family].seenBy(code) / counts[family === 0 ? 'ipv4' : 'ipv6'].voters;
          return share >= 0.5 ? !this.up[family].has(code) : share < 0.25 && this.up[family].has(code);
        })
        .map((code) => formatPrefix(index as 0 | 1, code)),
    );
  }
}

/** A judged table in which every peer has most of the first prefixes. */
function loadedWorld(random: () => number, guardedPrefixes = 1_000_000): World {
  const world = new World(guardedPrefixes).name();
  const rib: Said[] = [];
  for (let peer = 0; peer < peerCount; peer++) {
    for (const family of [0, 1] as const) {
      for (const code of prefixes[family].slice(0, prefixes[family].length / 2))
        if (random() < 0.97) rib.push(['rib', start, peer, family, code, 1]);
    }
  }
  world.say(rib);
  world.table.judge(start, () => true);
  return world;
}

/** The messages of the second before `at`: some prefixes flap, a session falls and comes back, a new prefix appears. */
function* secondOf(world: World, random: () => number, at: number): Generator<Said> {
  const pick = (below: number): number => Math.floor(random() * below);
  const down = everyPeer.filter((peer) => world.table.status(peer).kind === 'unknown');
  for (let count = pick(8); count > 0; count--) {
    const family = random() < 0.8 ? 0 : 1;
    // Most messages are about a few prefixes.
    const code = prefixes[family][pick(random() < 0.5 ? 10 : prefixes[family].length)];
    yield [random() < 0.6 ? 'announcement' : 'withdrawal', at - pick(1000), pick(peerCount), family, code, 1 + pick(3)];
  }
  if (random() < 0.02) yield ['peerDown', at, pick(peerCount), 0, 0, 0];
  if (random() > 0.04) return;
  const peer = down.length > 0 ? down[pick(down.length)] : pick(peerCount);
  if (random() < 0.5) yield ['peerUp', at, peer, 0, 0, 0];
  const [ipv4, ipv6] = world.seen(world.table.status(peer).kind === 'up' ? peer : (peer + 1) % peerCount);
  for (const code of [...ipv4, ...ipv6])
    if (random() < 0.97) yield ['announcement', at, peer, code > 2 ** 30 ? 1 : 0, code, 2];
}

function restored(
  pieces: Iterable<SnapshotPiece>,
  positions: ReadonlyMap<string, number>,
  guardedPrefixes = 1_000_000,
): World {
  const kept = new KeptTable();
  // Heads go through JSON, as in a file.
  for (const { head, body } of pieces)
    assert.equal(kept.take({ head: JSON.parse(JSON.stringify(head)) as unknown, body }), null);
  assert.equal(kept.lacks(), null);
  const world = new World(guardedPrefixes);
  for (const step of world.table.restore(kept, positions)) assert.equal(step, undefined);
  return world;
}

const joined = (world: World, at: number, lenient: () => boolean = () => true): World => {
  for (const collector of collectors) world.table.rejoinCollector(collector);
  world.table.judge(at, lenient);
  return world;
};
const since = (at: number): Map<string, number> => new Map(collectors.map((collector) => [collector, at]));

describe('a table that was kept', () => {
  test('is taken over unchanged: bits, verdicts, origins, states, voters, their history', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seededRandom(seed);
      const world = loadedWorld(random);
      let at = start;
      for (let second = 1; second <= 300; second++) {
        at = start + second * 1000;
        world.say([...secondOf(world, random, at)]);
        if (second % 10 === 0) world.table.settle(at);
      }
      const again = restored(world.table.pieces(), since(at));
      assert.deepEqual(again.bits(), world.bits(), `bits, seed ${seed}`);
      assert.deepEqual(again.up, world.up, `verdicts, seed ${seed}`);
      assert.deepEqual(again.origins(), world.origins(), `origins, seed ${seed}`);
      assert.deepEqual(again.table.counts().ipv4.voters, 0, 'nobody votes before the files of the time since');
      // Verdicts in between stay, whatever the country's state was.
      joined(again, at, () => false);
      world.table.settle(at);
      assert.deepEqual(again.up, world.up, `verdicts, joined, seed ${seed}`);
      assert.deepEqual(again.table.peers(), world.table.peers(), `states, seed ${seed}`);
      assert.deepEqual(
        [again.table.counts(), again.table.usability(0), again.table.usability(1)],
        [world.table.counts(), world.table.usability(0), world.table.usability(1)],
      );
      for (const family of [0, 1] as const)
        for (const code of prefixes[family])
          assert.equal(again.table.routes[family].seenBy(code), world.table.routes[family].seenBy(code));
      assert.deepEqual([...again.table.pieces()], [...world.table.pieces()], `all that is kept, seed ${seed}`);
    }
  });

  test('of more prefixes than a new table has room for gives the same verdicts to the same messages as before', () => {
    const codes = Array.from(
      { length: 70_000 },
      (_, index) => parsePrefix(`${11 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/24`)!.code,
    );
    const world = new World(1_000_000).name();
    const say = (
      each: World,
      kind: 'rib' | 'announcement' | 'withdrawal',
      at: number,
      saying: readonly number[],
      said: readonly number[],
    ): void => {
      for (const peer of saying) each.say(said.map((code): Said => [kind, at, peer, 0, code, 1]));
    };
    say(world, 'rib', start, everyPeer, codes);
    world.table.judge(start, () => true);
    assert.equal(world.up[0].size, codes.length);
    const again = restored(world.table.pieces(), since(start));
    joined(again, start);
    assert.equal(again.up[0].size, codes.length);
    const fresh = parsePrefix('20.0.0.0/24')!.code;
    const fallen = codes.filter((_, index) => index % 100 === 0);
    for (const each of [world, again]) {
      // A prefix that the kept table did not have makes the arrays grow. The earlier counts must stay.
      say(each, 'announcement', start + 1000, everyPeer, [fresh]);
      say(each, 'withdrawal', start + 2000, everyPeer.slice(0, 1), fallen);
      each.table.settle(start + 10_000);
      assert.equal(each.up[0].size, codes.length + 1, 'one of twelve voters takes nothing down');
      say(each, 'withdrawal', start + 11_000, everyPeer.slice(1), fallen);
      each.table.settle(start + 20_000);
      assert.equal(each.up[0].size, codes.length + 1 - fallen.length, 'what all withdrew is down');
      say(each, 'announcement', start + 21_000, everyPeer.slice(0, 7), fallen);
      each.table.settle(start + 30_000);
      assert.equal(each.up[0].size, codes.length + 1, 'what half announced is up again');
    }
    for (const code of codes) assert.equal(again.table.routes[0].seenBy(code), world.table.routes[0].seenBy(code));
  });

  test('that changed while it was written equals the live one once the elems since then are applied', () => {
    let judged = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const world = loadedWorld(random);
      const kept: SnapshotPiece[] = [];
      const record: Said[] = [];
      const begins = 30 + Math.floor(random() * 120);
      const overlapMs = Math.floor(random() * 20) * 1000;
      let pieces: Generator<SnapshotPiece> | null = null;
      let at = start;
      let ended = false;
      for (let second = 1; second <= 240 || !ended; second++) {
        at = start + second * 1000;
        if (second === begins) pieces = world.table.pieces();
        for (const said of secondOf(world, random, at)) {
          // The next piece may be taken between any two elems.
          while (pieces !== null && !ended && random() < 0.05) {
            const piece = pieces.next();
            if (piece.done === true) ended = true;
            else kept.push(piece.value);
          }
          world.say([said]);
          record.push(said);
        }
        if (second % 10 === 0) world.table.settle(at);
      }
      const position = start + begins * 1000 - 1000 - overlapMs;
      const again = restored(kept, since(position));
      again.say(record.filter((said) => said[1] >= position));
      joined(again, at);
      // Peers that came back during the write are whole in both tables.
      at += 20 * minute;
      for (const each of [world, again]) each.table.settle(at);
      assert.deepEqual(again.bits(), world.bits(), `bits, seed ${seed}`);
      const isUsable = [world, again].every(
        ({ table }) => table.usability(0).kind === 'usable' && table.usability(1).kind === 'usable',
      );
      if (isUsable) {
        judged++;
        assert.deepEqual([again.wrongVerdicts(), world.wrongVerdicts()], [[], []], `verdicts, seed ${seed}`);
      }
      const states = (each: World): string[] => each.table.peers().map(({ status }) => JSON.stringify(status));
      assert.deepEqual(states(again), states(world), `states, seed ${seed}`);
    }
    assert.ok(judged >= 40, `${judged} of them could be judged`);
  });

  test(
    'knows of a peer that was sending its table again what it had sent, and of one that withdrew too much ' +
      'that it is out',
    () => {
      const random = seededRandom(1);
      const world = loadedWorld(random, 20);
      const [own] = world.seen(0);
      const [others] = world.seen(1);
      const lost = others.slice(0, others.length / 2);
      const say = (
        to: World,
        kind: 'announcement' | 'withdrawal',
        peer: number,
        at: number,
        codes: readonly number[],
      ): void => to.say(codes.map((code): Said => [kind, at, peer, 0, code, 1]));
      let at = start + 10_000;
      world.table.settle(at);
      say(world, 'announcement', 0, at, own.slice(0, 150));
      say(world, 'withdrawal', 1, at, lost);
      world.table.settle((at += 10_000));
      const again = restored(world.table.pieces(), since(at), 20);
      joined(again, at);
      const states = (each: World): string[] => [0, 1].map((peer) => JSON.stringify(each.table.status(peer)));
      assert.deepEqual(
        states(world).map((text) => /table-transfer|mass-withdrawal/.exec(text)?.[0]),
        ['table-transfer', 'mass-withdrawal'],
      );
      assert.deepEqual(states(again), states(world));
      for (const each of [world, again]) {
        say(each, 'announcement', 0, at, own.slice(150, -5));
        say(each, 'announcement', 1, at, lost);
        for (let second = 10; second <= 60; second += 10) each.table.settle(at + second * 1000);
      }
      assert.equal(world.seen(0)[0].length, own.length - 5, 'what was not sent again is gone');
      assert.deepEqual(again.bits(), world.bits());
      assert.deepEqual(
        [states(again), states(world)],
        Array.from({ length: 2 }, () => ['{"kind":"up"}', '{"kind":"up"}']),
      );
    },
  );

  test('has the wanted collectors, and says which of them were reset while it was written', () => {
    const world = loadedWorld(seededRandom(1));
    const pieces = world.table.pieces();
    const first = pieces.next().value!;
    world.table.resetCollector('rrc01');
    const all = [first, ...pieces];
    const kept = new KeptTable();
    for (const piece of all) kept.take(piece);
    assert.deepEqual([...kept.reset], ['rrc01']);
    const again = restored(all, new Map([['rrc00', start]]));
    assert.deepEqual(
      again.table.peers().map(({ collector }) => collector),
      ['rrc00', 'rrc00', 'rrc00', 'rrc00'],
    );
    assert.deepEqual([again.seen(0), again.seen(1)], [world.seen(0), world.seen(3)]);
    assert.deepEqual(again.table.counts().ipv4, { voters: 0, fullFeedPeers: 0 });
  });

  test('is refused if it is not valid: each fault is named, and nothing throws', () => {
    const world = loadedWorld(seededRandom(1));
    const pieces = [...world.table.pieces()] as { head: Record<string, unknown>; body: Uint8Array }[];
    const [table, ipv4, ipv6, peer] = pieces;
    const end = pieces.at(-1)!;
    const wide = Uint8Array.of(255, 255, 255, 255);
    const faults: [fault: string | null, ...pieces: { head: unknown; body?: Uint8Array }[]][] = [
      ['a piece without a head', { head: null }],
      ['no list of peers at its beginning', ipv4],
      ['a piece of an unknown kind', table, { head: { piece: 'else' } }],
      ['two tables', table, table],
      ['an impossible number of prefixes', { head: { ...table.head, prefixes: [1e9, 0] } }],
      ['a list of peers that is none', { head: { ...table.head, peers: [['rrc00', 1, 2]] } }],
      [
        'a list of voters that is none',
        { head: { ...table.head, families: [{ judging: true, full: [99], history: [], historyAt: null }] } },
      ],
      ['prefixes of no family', table, { ...ipv4, head: { ...ipv4.head, family: 2 } }],
      ['another number of prefixes than it says', table, { ...ipv4, body: ipv4.body.subarray(1) }],
      ['another number of prefixes than it says', table, ipv4, ipv4],
      ['a prefix that is not counted', table, { ...ipv4, body: ipv4.body.map(() => 255) }],
      [
        'a prefix that is not counted',
        table,
        {
          ...ipv6,
          head: { piece: 'prefixes', family: 1, count: 1 },
          body: new Uint8Array([...new Uint8Array(Float64Array.of(2 ** 18).buffer), ...new Uint8Array(9)]),
        },
      ],
      ['a peer out of order', table, peer, peer],
      ['a peer of unknown state', table, { ...peer, head: { ...peer.head, state: { kind: 'down' } } }],
      ['a peer without its columns', table, { ...peer, head: { ...peer.head, columns: [['bits', 1]] } }],
      ['a peer with other columns than it says', table, { ...peer, body: peer.body.subarray(4) }],
      ['a peer with other columns than it says', table, { ...peer, body: new Uint8Array([...peer.body, 0, 0, 0, 0]) }],
      [
        'a peer with other columns than it says',
        table,
        {
          head: {
            ...peer.head,
            columns: [
              ['steps', 1],
              ['steps', 0],
            ],
          },
          body: wide,
        },
      ],
      [
        'a peer with other columns than it says',
        table,
        {
          head: {
            ...peer.head,
            columns: [
              ['bits', 7],
              ['steps', 0],
            ],
          },
          body: new Uint8Array(28).fill(255),
        },
      ],
      ['a list of collectors that is none', table, { head: { piece: 'end', reset: null } }],
    ];
    for (const [fault, ...some] of faults) {
      const kept = new KeptTable();
      assert.equal(some.map(({ head, body = new Uint8Array(0) }) => kept.take({ head, body })).at(-1), fault);
    }
    const lacks = (...some: typeof pieces): string | null => {
      const kept = new KeptTable();
      for (const piece of some) kept.take(piece);
      return kept.lacks();
    };
    assert.deepEqual(
      [lacks(), lacks(table, ipv4, ipv6), lacks(table, ipv4, end), lacks(...pieces)],
      ['holds no table', 'has no end', 'lacks prefixes', null],
    );
  });
});
