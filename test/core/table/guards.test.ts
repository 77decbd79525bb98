/** What a session does, judged by the volume of what it sends: it sends its table again, or withdraws it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ElemKind } from '../../../src/core/bgp/index.js';
import { shippedRules } from '../../support/rules.js';
import { minute, second, TableWorld, target } from './table-world.js';

const { announcement, peerDown, peerUp, withdrawal } = ElemKind;
const rules = shippedRules({ table: { minVoters: 4, minCollectors: 1 } }).table;
const ipv4 = Array.from({ length: 1_199 }, (_, index) => `5.${index >>> 4}.${(index & 15) << 4}.0/20`);
const ipv6 = Array.from({ length: 1_200 }, (_, index) => `2a00:${(index + 4096).toString(16)}::/32`);

/** Networks on two collectors, each with a session; the first has a second session. */
class GuardWorld extends TableWorld {
  constructor(routes: readonly string[] = ipv4, networks = 8) {
    super(
      Array.from({ length: networks + 1 }, (_, peer) => ({
        collector: `rrc0${peer & 1}`,
        asn: 64_496 + (peer % networks),
      })),
      rules,
      routes,
    );
  }

  /** Sends this for the routes from `from` % to `to` %, by position. The target is the first route. */
  part(
    peer: number,
    kind: typeof announcement | typeof withdrawal,
    from: number,
    to: number,
    routes = this.routes,
  ): void {
    this.say(
      peer,
      kind,
      ...routes.slice(Math.round((routes.length * from) / 100), Math.round((routes.length * to) / 100)),
    );
  }
}

/** What happens -> the status of peer 1 after each step -> at the end, the size of its table in % and the voters. */
const stories: Record<
  string,
  { readonly steps: readonly [(world: GuardWorld) => void, string][]; readonly size: number; readonly voters: number }
> = {
  'a table sent again within two minutes is a session that began anew': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 0, 40);
          world.settle(10 * second);
        },
        'up',
      ],
      [
        (world) => {
          world.part(1, announcement, 40, 70);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.part(1, announcement, 70, 90);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.part(1, announcement, 90, 100);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 100,
    voters: 8,
  },
  'what it said first of its table counts, up to two minutes before it was recognised': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 0, 30);
          world.run(60 * second);
        },
        'up',
      ],
      [
        (world) => {
          world.part(1, announcement, 30, 70);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.part(1, announcement, 70, 100);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 100,
    voters: 8,
  },
  'over five minutes it is nothing': {
    steps: [0, 20, 40, 60, 80].map((from) => [
      (world) => {
        world.part(1, announcement, from, from + 20);
        world.run(minute);
      },
      'up',
    ]),
    size: 100,
    voters: 8,
  },
  'half of it, twice over, is half of it': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 0, 50);
          world.part(1, announcement, 0, 50);
          world.settle(10 * second);
        },
        'up',
      ],
      [
        (world) => {
          world.part(1, announcement, 0, 50);
          world.settle(50 * second);
        },
        'up',
      ],
      [
        (world) => {
          world.part(1, announcement, 0, 50);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 100,
    voters: 8,
  },
  'what it did not have before is not sent again': {
    steps: [
      [
        (world) => {
          world.part(1, withdrawal, 0, 18);
          world.settle(10 * second);
        },
        'up',
      ],
      [
        (world) => {
          world.part(1, announcement, 0, 70);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 100,
    voters: 8,
  },
  'after 15 minutes what was not sent again is gone': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 10, 95);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.run(15 * minute - 10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 85,
    voters: 8,
  },
  'a table that still comes after 15 minutes is waited for, and nothing of it is cleared': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 0, 65);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          for (let sent = 65; sent < 99; sent += 2) {
            world.part(1, announcement, sent, sent + 2);
            world.run(minute);
          }
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.part(1, announcement, 99, 100);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 100,
    voters: 8,
  },
  'of what is withdrawn meanwhile nothing is expected': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 0, 90);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.part(1, withdrawal, 90, 100);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 90,
    voters: 8,
  },
  'with the last twentieth still coming it is not whole, and nothing is cleared': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 0, 80);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.part(1, announcement, 80, 97);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          assert.equal(world.size(1), world.routes.length);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 97,
    voters: 8,
  },
  'nor is a table that returns after its session was down': {
    steps: [
      [
        (world) => {
          world.say(1, peerUp);
          world.part(1, announcement, 0, 97);
          world.settle(10 * second);
        },
        'warming: session-up',
      ],
      [
        (world) => {
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 97,
    voters: 8,
  },
  'a session that goes down in the middle of it': {
    steps: [
      [
        (world) => {
          world.part(1, announcement, 0, 80);
          world.settle(10 * second);
        },
        'warming: table-transfer',
      ],
      [
        (world) => {
          world.say(1, peerDown);
          world.settle(10 * second);
        },
        'unknown: session-down',
      ],
      [
        (world) => {
          world.say(1, peerUp);
          world.part(1, announcement, 0, 50);
          world.settle(20 * second);
        },
        'warming: session-up',
      ],
    ],
    size: 50,
    voters: 7,
  },
  'a fifth of its table withdrawn is not more than a fifth': {
    steps: [
      [
        (world) => {
          world.part(1, withdrawal, 80, 100);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 80,
    voters: 8,
  },
  'more within two minutes: unknown, until 95 % is back': {
    steps: [
      [
        (world) => {
          world.part(1, withdrawal, 80, 95);
          world.run(90 * second);
        },
        'up',
      ],
      [
        (world) => {
          world.part(1, withdrawal, 70, 80);
          world.settle(10 * second);
        },
        'unknown: mass-withdrawal',
      ],
      [
        (world) => {
          world.part(1, announcement, 70, 89);
          world.settle(10 * second);
        },
        'unknown: mass-withdrawal',
      ],
      [
        (world) => {
          world.part(1, announcement, 89, 91);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 96,
    voters: 8,
  },
  'as much in five minutes is what routing does': {
    steps: [75, 80, 85, 90, 95].map((from) => [
      (world) => {
        world.part(1, withdrawal, from, from + 5);
        world.run(minute);
      },
      'up',
    ]),
    size: 75,
    voters: 8,
  },
  'or until it was steady for half an hour': {
    steps: [
      [
        (world) => {
          world.part(1, withdrawal, 74, 100);
          world.settle(10 * second);
        },
        'unknown: mass-withdrawal',
      ],
      [
        (world) => {
          world.run(20 * minute);
          world.part(1, withdrawal, 72, 74);
          world.run(10 * minute - 10 * second);
        },
        'unknown: mass-withdrawal',
      ],
      [
        (world) => {
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 72,
    voters: 8,
  },
  'a table that moves by more than 3 % is not steady': {
    steps: [
      [
        (world) => {
          world.part(1, withdrawal, 74, 100);
          world.settle(10 * second);
        },
        'unknown: mass-withdrawal',
      ],
      [
        (world) => {
          world.run(20 * minute);
          world.part(1, announcement, 74, 78);
          world.run(20 * minute);
        },
        'unknown: mass-withdrawal',
      ],
      [
        (world) => {
          world.run(10 * minute + 10 * second);
        },
        'up',
      ],
    ],
    size: 78,
    voters: 8,
  },
  'a session that withdraws all and then goes is measured by what it had before': {
    steps: [
      [
        (world) => {
          world.part(1, withdrawal, 0, 100);
          world.say(1, peerDown);
          world.settle(10 * second);
        },
        'unknown: session-down',
      ],
      [
        (world) => {
          world.say(1, peerUp);
          world.part(1, announcement, 0, 90);
          world.run(minute);
        },
        'warming: session-up',
      ],
      [
        (world) => {
          world.part(1, announcement, 90, 100);
          world.settle(10 * second);
        },
        'up',
      ],
    ],
    size: 100,
    voters: 8,
  },
  'so is one that goes some minutes later': {
    steps: [
      [
        (world) => {
          world.part(1, withdrawal, 20, 100);
          world.run(5 * minute);
        },
        'unknown: mass-withdrawal',
      ],
      [
        (world) => {
          world.say(1, peerUp);
          world.part(1, announcement, 0, 90);
          world.run(minute);
        },
        'warming: session-up',
      ],
    ],
    size: 90,
    voters: 7,
  },
};

describe('a full feed', () => {
  for (const [name, { steps, size, voters }] of Object.entries(stories)) {
    test(name, () => {
      const world = new GuardWorld();
      world.run(minute);
      assert.equal(world.voters, 8);
      for (const [step, [act, expected]] of steps.entries()) {
        act(world);
        assert.equal(world.status(1), expected, `step ${step + 1}`);
      }
      assert.equal(Math.round((100 * world.size(1)) / world.routes.length), size);
      assert.equal(world.voters, voters);
    });
  }

  test('a table of a few prefixes says nothing of its session', () => {
    const world = new GuardWorld(ipv4.slice(0, 500));
    world.part(1, announcement, 0, 100);
    world.part(2, withdrawal, 50, 100);
    world.settle(10 * second);
    assert.deepEqual([world.status(1), world.status(2)], ['up', 'up']);
  });

  test('the vote of an excluded session goes to the next session of its network', () => {
    const world = new GuardWorld();
    world.part(0, announcement, 0, 70);
    world.part(2, withdrawal, 50, 100);
    world.settle(10 * second);
    assert.equal(world.voters, 7);
    assert.deepEqual(
      [world.view(0).ipv4.votes, world.view(8).ipv4.votes, world.view(2).ipv4.votes],
      [false, true, false],
    );
  });

  test('a family that is not sent again keeps its routes', () => {
    const world = new GuardWorld([...ipv4, ...ipv6]);
    world.say(1, announcement, target, ...ipv4.slice(0, 1_100));
    world.settle(10 * second);
    assert.equal(world.status(1), 'warming: table-transfer');
    world.run(15 * minute);
    assert.deepEqual([world.size(1), world.size(1, 1)], [1_101, 1_200]);
    world.say(1, announcement, ...ipv6.slice(0, 800));
    world.settle(10 * second);
    world.say(1, announcement, target, ...ipv4.slice(0, 900));
    world.settle(10 * second);
    world.run(15 * minute);
    assert.deepEqual([world.size(1), world.size(1, 1)], [901, 800], 'both, though one began later');
  });
});

describe('no sample shows a fall that a peer caused by withdrawing its table', () => {
  /** The first four of twelve voters have the target, which is up because it was up before. */
  const thin = (): GuardWorld => {
    const world = new GuardWorld(ipv4, 12);
    world.say(12, peerDown);
    for (let peer = 4; peer < 12; peer++) world.say(peer, withdrawal, target);
    world.run(3 * minute);
    assert.deepEqual([world.voters, world.seenBy(target), world.sees], [12, 4, true]);
    return world;
  };
  const cases: [string, (world: GuardWorld) => void, usable: string, sees: boolean][] = [
    [
      'what the others see is less than a quarter',
      (world) => {
        for (const peer of [0, 1]) world.part(peer, withdrawal, 0, 50);
      },
      'usable',
      false,
    ],
    [
      'what the others see is enough to keep it up',
      (world) => {
        for (const peer of [0, 1, 4, 5]) world.part(peer, withdrawal, 0, 50);
      },
      'usable',
      true,
    ],
    [
      'half of all dump at once, and too few are left',
      (world) => {
        for (const peer of [0, 1, 2, 4, 5, 6]) world.part(peer, withdrawal, 0, 50);
      },
      'unusable',
      true,
    ],
    [
      'it takes longer than a tick',
      (world) => {
        for (const peer of [0, 1, 4, 5]) world.part(peer, withdrawal, 0, 10);
        world.settle(10 * second);
        assert.equal(world.sees, false, 'a tenth is no dump yet');
        for (const peer of [0, 1, 4, 5]) world.part(peer, withdrawal, 10, 30);
      },
      'usable',
      true,
    ],
    [
      'of a peer that does not vote nothing fell',
      (world) => {
        world.say(12, peerUp);
        world.part(12, announcement, 0, 100);
        world.settle(10 * second);
        for (const peer of [2, 3]) world.say(peer, withdrawal, target);
        world.settle(10 * second);
        world.say(2, announcement, target);
        world.part(12, withdrawal, 0, 50);
        assert.deepEqual(
          [world.view(12).ipv4.fullFeed, world.seenBy(target), world.sees],
          [true, 3, false],
          '3 of 12 is between',
        );
      },
      'usable',
      false,
    ],
    [
      'they go down in the same breath',
      (world) => {
        for (const peer of [0, 1, 4, 5]) {
          world.part(peer, withdrawal, 0, 50);
          world.say(peer, peerDown);
        }
      },
      'usable',
      true,
    ],
  ];
  for (const [name, act, usable, sees] of cases) {
    test(name, () => {
      const world = thin();
      act(world);
      world.settle(10 * second);
      assert.deepEqual([world.table.usability(0).kind, world.sees], [usable, sees]);
    });
  }
});

test('the acts of the guards are counted and described', () => {
  const world = new GuardWorld();
  world.at = Date.parse('2026-01-05T16:01:50Z');
  world.settle(0);
  world.part(1, announcement, 0, 61);
  world.part(2, withdrawal, 70, 100);
  world.say(3, peerDown);
  world.part(4, withdrawal, 70, 84);
  world.settle(10 * second);
  world.settle(10 * second);
  assert.deepEqual(world.table.sessionCounters, { resetsByState: 1, resetsByVolume: 1, massWithdrawals: 1 });
  assert.deepEqual(world.table.outOfVote(), {
    known: 9,
    out: [
      { because: 'mass-withdrawal', count: 1 },
      { because: 'session-down', count: 1 },
      { because: 'table-transfer', count: 1 },
    ],
  });
  world.table.loseCollector('rrc00', world.at);
  const words = world.table
    .peers()
    .map(
      ({ collector, address, reason, ipv4: { why } }) =>
        `${collector} ${address} ${reason}${why === reason ? '' : `; ${why}`}`,
    );
  assert.deepEqual(words, [
    'rrc00 192.0.2.1 unknown since 16:02: its collector is in a gap',
    'rrc00 192.0.2.3 unknown since 16:02: it withdrew more than 20 % of its table at once, 840 of 1200 ' +
      'prefixes are left',
    'rrc00 192.0.2.5 unknown since 16:02: its collector is in a gap',
    'rrc00 192.0.2.7 unknown since 16:02: its collector is in a gap',
    'rrc00 192.0.2.9 unknown since 16:02: its collector is in a gap',
    'rrc01 192.0.2.2 warming since 16:02: its table is being sent again, 61 % seen',
    'rrc01 192.0.2.4 unknown since 16:01: its session is down',
    'rrc01 192.0.2.6 up; full feed',
    'rrc01 192.0.2.8 up; full feed',
  ]);
  assert.deepEqual(world.view(1), {
    collector: 'rrc01',
    address: '192.0.2.2',
    asn: 64_497,
    status: 'warming',
    since: Date.parse('2026-01-05T16:02:00Z'),
    because: 'table-transfer',
    reason: 'warming since 16:02: its table is being sent again, 61 % seen',
    ipv4: {
      prefixes: 1_200,
      fullFeed: true,
      votes: false,
      why: 'warming since 16:02: its table is being sent again, 61 % seen',
    },
    ipv6: {
      prefixes: 0,
      fullFeed: false,
      votes: false,
      why: 'warming since 16:02: its table is being sent again, 61 % seen',
    },
  });
  world.part(1, announcement, 61, 100);
  world.settle(10 * second);
  assert.deepEqual(world.table.transfers, [
    {
      collector: 'rrc01',
      address: '192.0.2.2',
      asn: 64_497,
      share: 1,
      from: Date.parse('2026-01-05T16:02:00Z'),
      to: Date.parse('2026-01-05T16:02:20Z'),
    },
  ]);
});
