/** Collectors that are lost and come back, and short gaps that files fill later. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ElemBatch, ElemKind, parsePrefix, PeerIndex, type ElemKindCode } from '../../../src/core/bgp/index.js';
import { describeUsability, Table } from '../../../src/core/table/index.js';
import { shippedRules } from '../../support/rules.js';
import { minute, second, TableWorld, target } from './table-world.js';
import { prefixListener } from '../../support/prefix-listener.js';

const { announcement, peerDown, peerUp, rib, withdrawal } = ElemKind;
const rules = shippedRules({ table: { minVoters: 4, minCollectors: 2 } }).table;
const filler = Array.from({ length: 40 }, (_, index) => `5.${index}.0.0/16`);

/** Nine networks, each with a session, on three collectors: peers 0, 3 and 6 are on rrc00. */
class GapWorld extends TableWorld {
  constructor(settings = rules) {
    super(
      Array.from({ length: 9 }, (_, peer) => ({ collector: `rrc0${peer % 3}`, asn: 64_496 + peer })),
      settings,
      filler,
    );
    this.run(5 * minute);
  }

  lose(collector: string): void {
    this.table.loseCollector(collector, this.at);
    this.settle(10 * second);
  }

  rejoin(collector: string): void {
    this.table.rejoinCollector(collector);
    this.settle(10 * second);
  }
}

describe('a lost collector', () => {
  test('makes its peers unknown, keeps their prefixes up, and lets them vote as soon as it rejoins', () => {
    const world = new GapWorld();
    world.lose('rrc00');
    assert.deepEqual(
      [world.status(0), world.voters, world.seenBy(target), world.sees],
      ['unknown: collector-lost', 6, 6, true],
    );
    world.say(0, withdrawal, target);
    world.say(3, announcement, '6.0.0.0/16');
    world.run(20 * minute);
    assert.deepEqual([world.status(0), world.voters], ['unknown: collector-lost', 6]);
    world.rejoin('rrc00');
    assert.deepEqual(
      [world.status(0), world.voters, world.seenBy(target), world.seenBy('6.0.0.0/16')],
      ['up', 9, 8, 1],
    );
  });

  const within: [string, (world: GapWorld) => void, inGap: string, after: string][] = [
    [
      'a session that went down in its files',
      (world) => {
        world.say(0, peerDown);
      },
      'unknown: session-down',
      'unknown: session-down',
    ],
    [
      'a session that came back in its files',
      (world) => {
        world.say(0, peerUp);
        world.say(0, announcement, ...filler.slice(0, 10));
      },
      'warming: session-up',
      'warming: session-up',
    ],
    [
      'a session that came back whole',
      (world) => {
        world.say(0, peerUp);
        world.say(0, announcement, target, ...filler);
      },
      'warming: session-up',
      'up',
    ],
    [
      'a session that went down and spoke again',
      (world) => {
        world.say(0, peerDown);
        world.say(0, announcement, target);
      },
      'warming: session-up',
      'warming: session-up',
    ],
    [
      'a session that is in no RIB',
      (world) => {
        world.say(world.peers.intern('rrc00', '192.0.2.99', 64_999), announcement, target);
      },
      'unknown: collector-lost',
      'up',
    ],
  ];
  for (const [name, act, inGap, after] of within) {
    test(name, () => {
      const world = new GapWorld();
      world.lose('rrc00');
      act(world);
      assert.equal(world.status(0), inGap);
      world.rejoin('rrc00');
      assert.deepEqual([world.status(0), world.voters], [after, after === 'up' ? 9 : 8]);
    });
  }

  test('does not end the warming of a session by coming back, or by the time it was away', () => {
    const world = new GapWorld();
    world.say(0, peerUp);
    world.lose('rrc00');
    world.run(16 * minute);
    assert.equal(world.status(0), 'warming: session-up', 'its files may hold the rest');
    world.say(0, announcement, target, ...filler);
    world.rejoin('rrc00');
    assert.deepEqual([world.status(0), world.size(0)], ['up', 41]);
  });

  test('that is reset has no tables until its RIB, and votes when it rejoins', () => {
    const world = new GapWorld();
    world.lose('rrc00');
    world.table.resetCollector('rrc00');
    assert.deepEqual(
      [world.status(0), world.size(0), world.view(0).reason],
      ['no-table', 0, 'no table yet: its collector is being loaded'],
    );
    assert.deepEqual(world.table.outOfVote(), { known: 9, out: [{ because: 'collector-lost', count: 3 }] });
    world.run(11 * minute);
    assert.equal(world.table.outOfVote().known, 9, 'those that have no table now are not forgotten');
    for (const peer of [0, 3]) world.say(peer, rib, ...filler);
    world.settle(10 * second);
    assert.deepEqual([world.status(0), world.voters], ['unknown: collector-lost', 6]);
    world.say(0, announcement, target);
    world.rejoin('rrc00');
    assert.deepEqual(
      [0, 3, 6].map((peer) => world.status(peer)),
      ['up', 'up', 'no-table'],
    );
    assert.deepEqual([world.voters, world.seenBy(target), world.table.outOfVote().known], [8, 7, 8]);
  });

  test('is a gap, and says so, if too few others are left', () => {
    const world = new GapWorld();
    world.lose('rrc00');
    assert.equal(describeUsability(world.table.usability(0)), 'usable: 6 voters on 2 collectors');
    world.lose('rrc01');
    assert.equal(describeUsability(world.table.usability(0)), 'unusable: the stream has a gap, 3 voters are left');
    world.rejoin('rrc00');
    world.rejoin('rrc01');
    assert.equal(world.table.usability(0).kind, 'usable');
  });

  test('has tables sent again within its files recognised by the time of their rows', () => {
    const routes = Array.from({ length: 1_200 }, (_, index) => `5.${index >>> 4}.${(index & 15) << 4}.0/20`);
    const sent = (everyMs: number): string => {
      const world = new TableWorld(
        Array.from({ length: 9 }, (_, peer) => ({ collector: `rrc0${peer % 3}`, asn: 64_496 + peer })),
        rules,
        routes,
      );
      world.run(minute);
      const until = world.at + 60 * minute;
      world.table.loseCollector('rrc00', world.at);
      world.settle(10 * second);
      for (let from = 0; from < 1_000; from += 50) {
        world.at += everyMs;
        world.say(0, announcement, ...routes.slice(from, from + 50));
      }
      world.at = until;
      world.say(0, announcement, target);
      world.table.rejoinCollector('rrc00');
      world.settle(10 * second);
      return world.status(0);
    };
    assert.equal(sent(2 * second), 'warming: table-transfer', 'in 40 s');
    assert.equal(sent(2 * minute), 'up', 'in 40 min');
  });
});

describe('a short hole that is filled later', () => {
  const hole = (): GapWorld => {
    const world = new GapWorld();
    world.table.noteTouched('rrc00', world.at);
    world.settle(10 * second);
    return world;
  };
  const stories: [string, (world: GapWorld) => void, sees: boolean, status: string][] = [
    [
      'what nobody spoke of since is as the file says',
      (world) => {
        world.fill(30, 0, withdrawal, target);
      },
      false,
      'up',
    ],
    [
      'what was announced since stands',
      (world) => {
        world.say(0, announcement, target);
        world.fill(30, 0, withdrawal, target);
      },
      true,
      'up',
    ],
    [
      'what was withdrawn since stands',
      (world) => {
        world.say(0, withdrawal, target);
        world.fill(30, 0, announcement, target);
      },
      false,
      'up',
    ],
    [
      'a reset in the hole: what was not announced again is gone',
      (world) => {
        world.say(0, announcement, filler[0]);
        world.fill(30, 0, peerDown);
        world.fill(25, 0, peerUp);
      },
      false,
      'warming: session-up',
    ],
    [
      'a reset in the hole, and the table with it',
      (world) => {
        world.fill(30, 0, peerUp);
        world.fill(25, 0, announcement, target);
        world.say(0, announcement, ...filler);
        world.settle(10 * second);
      },
      true,
      'up',
    ],
    [
      'a session that went down in the hole, and is still',
      (world) => {
        world.fill(30, 0, peerDown);
      },
      false,
      'unknown: session-down',
    ],
    [
      'a session that went down in the hole, but speaks',
      (world) => {
        world.say(0, announcement, target);
        world.fill(30, 0, peerDown);
      },
      true,
      'warming: session-up',
    ],
    [
      'a session that ended since: nothing older holds',
      (world) => {
        world.say(0, peerDown);
        world.fill(30, 0, announcement, target);
        world.fill(30, 0, peerUp);
      },
      false,
      'unknown: session-down',
    ],
    [
      'when it is filled, its notes are dropped',
      (world) => {
        world.say(0, announcement, target);
        world.table.endFill('rrc00', world.at);
        world.table.noteTouched('rrc00', world.at);
        world.fill(0, 0, withdrawal, target);
      },
      false,
      'up',
    ],
    [
      'what was said between two holes is newer than the first, and older than the second',
      (world) => {
        world.say(0, announcement, target);
        world.settle(minute);
        world.table.noteTouched('rrc00', world.at);
        world.fill(80, 0, withdrawal, target);
        assert.equal(world.size(0), 41);
        world.fill(5, 0, withdrawal, target);
      },
      false,
      'up',
    ],
    [
      'a reset in the second hole forgets what was said before it',
      (world) => {
        world.say(0, announcement, target);
        world.settle(minute);
        world.table.noteTouched('rrc00', world.at);
        world.fill(5, 0, peerUp);
      },
      false,
      'warming: session-up',
    ],
  ];
  for (const [name, act, sees, status] of stories) {
    test(name, () => {
      const world = hole();
      act(world);
      assert.deepEqual([world.table.routes[0].sees(0, parsePrefix(target)!.code), world.status(0)], [sees, status]);
    });
  }
});

test('a withdrawal after a hole counts even if no table ever had the prefix', () => {
  const world = new GapWorld();
  world.table.noteTouched('rrc00', world.at);
  world.say(0, withdrawal, '6.0.0.0/16');
  world.fill(30, 0, announcement, '6.0.0.0/16');
  assert.equal(world.size(0), 41);
});

/** What a peer of a small world does, and how long after the move before. */
interface Move {
  readonly peer: number;
  readonly kind: ElemKindCode;
  readonly place: number;
}
const prefixes = [...filler.slice(0, 6), '2a00:1000::/32', '2a00:2000::/32'].map((text) => parsePrefix(text)!);
const peerCount = 6;
const move: fc.Arbitrary<Move> = fc.record({
  peer: fc.nat(peerCount - 1),
  kind: fc.constantFrom(
    announcement,
    announcement,
    announcement,
    announcement,
    withdrawal,
    withdrawal,
    withdrawal,
    peerUp,
    peerDown,
  ),
  place: fc.nat(prefixes.length - 1),
});

class SmallWorld {
  readonly table: Table;
  readonly verdicts = [new Map<number, boolean>(), new Map<number, boolean>()] as const;
  readonly #peers = new PeerIndex();
  readonly #batch = new ElemBatch(1);

  constructor(settings = rules) {
    this.table = new Table({
      peers: this.#peers,
      settings,
      configuredCollectors: 2,
      listener: prefixListener({
        flipped: (family, _id, code, _origin, up) => void this.verdicts[family].set(code, up),
      }),
    });
    for (let peer = 0; peer < peerCount; peer++) {
      this.#peers.intern(`rrc0${peer & 1}`, `192.0.2.${peer}`, 64_500 + (peer % 5));
      for (let place = 0; place < prefixes.length; place++) this.do({ peer, kind: rib, place }, 0);
    }
    this.table.judge(0, () => true);
  }

  do({ peer, kind, place }: Move, at: number, how: 'apply' | 'fill' = 'apply'): void {
    const batch = this.#batch;
    batch.clear();
    const { family, code } = prefixes[place];
    const isRoute = kind === announcement || kind === withdrawal || kind === rib;
    batch.push(kind, isRoute ? family : 0, peer, at, isRoute ? code : 0, 1);
    this.table[how](batch, 0, 1);
  }

  sees(peer: number): boolean[] {
    return prefixes.map(({ family, code }) => this.table.routes[family].sees(peer, code));
  }

  /**
   * Asserts that counts agree with the voters' columns (one voter per AS), and that a verdict is beyond a threshold
   * only because of voters in a gap.
   */
  check(): void {
    const views = this.table.peers();
    const isGap = views.some(({ because, reason }) => because === 'collector-lost' || /collector is/.test(reason));
    for (const family of [0, 1] as const) {
      const name = family === 0 ? 'ipv4' : 'ipv6';
      const voters = views
        .map((view, peer) => ({ view, peer }))
        .filter(({ view }) => view[name].votes)
        .map(({ view }) => Number(view.address.split('.')[3]));
      const asns = voters.map((peer) => peer % 5);
      assert.equal(new Set(asns).size, asns.length, 'one vote an AS');
      assert.deepEqual(
        [this.table.routes[family].verdicts.voters, this.table.counts()[name].voters],
        [voters.length, voters.length],
      );
      for (const peer of voters) assert.equal(this.table.status(peer).kind, 'up', `peer ${peer} votes`);
      for (const { family: own, code } of prefixes) {
        if (own !== family) continue;
        const count = voters.filter((peer) => this.table.routes[family].sees(peer, code)).length;
        assert.equal(this.table.routes[family].seenBy(code), count);
        if (this.table.usability(family).kind !== 'usable') continue;
        const isUp = this.verdicts[family].get(code) === true;
        assert.ok(
          isGap || (isUp ? count >= 0.25 * voters.length : count < 0.5 * voters.length),
          `${count} of ${voters.length} see it: ${isUp ? 'up' : 'down'}`,
        );
      }
    }
  }
}

test('after any cut that is filled later, each peer has the prefixes that it would have had', () => {
  const cuts = fc.tuple(fc.nat(60), fc.nat(12), fc.nat(20), fc.nat(12), fc.nat(30));
  fc.assert(
    fc.property(
      fc.array(move, { minLength: 40, maxLength: 120 }),
      cuts,
      (moves, [start, first, between, other, wait]) => {
        // A session that is down sends nothing before it is up.
        const isDown = new Set<number>();
        const said = moves.filter(({ peer, kind }) => {
          if (kind === peerUp) isDown.delete(peer);
          if (isDown.has(peer)) return false;
          if (kind === peerDown) isDown.add(peer);
          return true;
        });
        const whole = new SmallWorld();
        for (const [at, one] of said.entries()) whole.do(one, at);
        const holes = [
          [start, start + first],
          [start + first + between, start + first + between + other],
        ] as const;
        const isIn = (at: number, peer: number, hole: readonly [number, number]): boolean =>
          peer % 2 === 0 && at >= hole[0] && at < hole[1];
        const filled = new SmallWorld();
        const pending: (() => void)[] = [];
        for (let at = 0; at < said.length + 200; at++) {
          for (const hole of holes) {
            if (at !== hole[1]) continue;
            filled.table.noteTouched('rrc00', at - 1);
            for (const [then, missed] of said.entries())
              if (isIn(then, missed.peer, hole))
                pending.push(() => {
                  filled.do(missed, then, 'fill');
                });
            pending.push(() => {
              filled.table.endFill('rrc00', hole[1] - 1);
            });
          }
          if (at < said.length && !holes.some((hole) => isIn(at, said[at].peer, hole))) filled.do(said[at], at);
          if (at > start + first + wait) pending.shift()?.();
        }
        for (const act of pending) act();
        for (let peer = 0; peer < peerCount; peer++) {
          assert.deepEqual(filled.sees(peer), whole.sees(peer), `peer ${peer}`);
          assert.equal(filled.table.status(peer).kind, whole.table.status(peer).kind, `status of peer ${peer}`);
        }
      },
    ),
    { numRuns: 300, seed: 20_260_105 },
  );
});

test('counts, votes and verdicts agree with the columns, whatever happens in whatever order', () => {
  const collector = fc.constantFrom('rrc00', 'rrc01');
  const act = fc.oneof(
    {
      weight: 12,
      arbitrary: move.map((one) => (world: SmallWorld, at: number): void => {
        world.do(one, at);
      }),
    },
    {
      weight: 3,
      arbitrary: move.map((one) => (world: SmallWorld, at: number): void => {
        world.do(one, at - 5_000, 'fill');
      }),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.nat(peerCount - 1), fc.constantFrom(announcement, withdrawal, rib))
        .map(([peer, kind]) => (world: SmallWorld, at: number): void => {
          for (let place = 0; place < prefixes.length; place++) world.do({ peer, kind, place }, at);
        }),
    },
    {
      weight: 1,
      arbitrary: collector.map((name) => (world: SmallWorld, at: number): void => {
        world.table.loseCollector(name, at);
      }),
    },
    {
      weight: 2,
      arbitrary: collector.map((name) => (world: SmallWorld): void => {
        world.table.rejoinCollector(name);
      }),
    },
    {
      weight: 1,
      arbitrary: collector.map((name) => (world: SmallWorld): void => {
        world.table.resetCollector(name);
      }),
    },
    {
      weight: 1,
      arbitrary: collector.map((name) => (world: SmallWorld, at: number): void => {
        world.table.noteTouched(name, at);
      }),
    },
    {
      weight: 1,
      arbitrary: collector.map((name) => (world: SmallWorld): void => {
        world.table.endFill(name, Infinity);
      }),
    },
  );
  const settings = shippedRules({
    table: { minVoters: 1, minVotersShare: 0, minCollectors: 1, guardedPrefixes: 2, fullFeedEveryMs: 60_000 },
  }).table;
  let transfers = 0;
  let dumps = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(act, fc.nat(8)), { minLength: 30, maxLength: 150, size: 'max' }), (acts) => {
      const world = new SmallWorld(settings);
      let at = 0;
      for (const [one, pause] of acts) {
        one(world, at);
        if (pause > 2) continue;
        at += pause === 0 ? 400_000 : 10_000;
        world.table.settle(at);
        world.check();
      }
      transfers += world.table.sessionCounters.resetsByVolume;
      dumps += world.table.sessionCounters.massWithdrawals;
    }),
    { numRuns: 200, seed: 20_260_106 },
  );
  assert.ok(transfers > 50 && dumps > 50, `${transfers} transfers and ${dumps} mass withdrawals`);
});
