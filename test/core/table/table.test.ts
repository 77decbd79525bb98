import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ElemBatch, ElemKind, parsePrefix, PeerIndex, type ElemKindCode } from '../../../src/core/bgp/index.js';
import { Table } from '../../../src/core/table/index.js';
import { shippedRules } from '../../support/rules.js';
import { minute, second, TableWorld, target } from './table-world.js';
import { prefixListener } from '../../support/prefix-listener.js';

const rules = shippedRules({ table: { minVoters: 4, minCollectors: 1 } }).table;
const filler = Array.from({ length: 40 }, (_, index) => `5.${index}.0.0/16`);

class World extends TableWorld {
  constructor(asns: readonly number[]) {
    super(
      asns.map((asn) => ({ collector: 'rrc00', asn })),
      rules,
      filler,
    );
  }
}

const eight = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => 64_496 + number);

describe('a prefix is visible', () => {
  test('up at half of the voters, down below a quarter, and as before in between', () => {
    const world = new World(eight);
    const seen: [number, boolean][] = [];
    for (let peer = 0; peer < 8; peer++) {
      world.say(peer, ElemKind.withdrawal, target);
      seen.push([7 - peer, world.sees]);
    }
    // 2 of 8 is exactly a quarter, not below it.
    assert.deepEqual(seen, [
      [7, true],
      [6, true],
      [5, true],
      [4, true],
      [3, true],
      [2, true],
      [1, false],
      [0, false],
    ]);
    for (let peer = 0; peer < 3; peer++) world.say(peer, ElemKind.announcement, target);
    assert.equal(world.sees, false, '3 of 8 is between');
    world.say(3, ElemKind.announcement, target);
    assert.equal(world.sees, true, '4 of 8 is half');
  });

  test('at load, between a quarter and a half, it is up if its country was normal', () => {
    for (const lenient of [true, false]) {
      const peers = new PeerIndex();
      let up = false;
      const listener = prefixListener({
        flipped: (_f, _id, code) => {
          up ||= code === parsePrefix(target)!.code;
        },
      });
      const table = new Table({ peers, settings: rules, configuredCollectors: 1, listener });
      eight.forEach((asn, number) => {
        const batch = new ElemBatch();
        peers.intern('rrc00', `192.0.2.${number}`, asn);
        for (const text of number < 3 ? [target, ...filler] : filler)
          batch.push(ElemKind.rib, 0, number, 0, parsePrefix(text)!.code, 1);
        table.apply(batch, 0, batch.length);
      });
      table.judge(0, () => lenient);
      assert.equal(up, lenient);
    }
  });

  test('the table has no prefix that no country can lose: default route, too long or short, bogons, beacons', () => {
    const world = new World(eight);
    const size = world.table.routes[0].ids.size;
    for (const text of [
      '0.0.0.0/0',
      '5.0.0.0/7',
      '5.5.5.0/25',
      '10.1.0.0/16',
      '192.168.4.0/24',
      '84.205.64.0/24',
      '93.175.146.0/24',
    ]) {
      world.say(0, ElemKind.announcement, text);
    }
    for (const text of ['::/0', '2001:db8::/32', '2001:7fb:fe00::/48', 'fe80::/32', '2400::/12'])
      world.say(0, ElemKind.announcement, text);
    assert.equal(world.table.routes[0].ids.size, size);
    assert.equal(world.table.routes[1].ids.size, 0);
  });
});

describe('who votes', () => {
  test('one session per ASN, the one with the largest table, and another when it is lost', () => {
    const world = new World([...eight, eight[0]]);
    assert.equal(world.voters, 8);
    world.say(8, ElemKind.announcement, '6.0.0.0/16');
    world.settle(10 * minute);
    world.say(0, ElemKind.withdrawal, target);
    assert.equal(
      world.table.routes[0].seenBy(parsePrefix(target)!.code),
      8,
      'the smaller session of the ASN has no say',
    );
    world.say(8, ElemKind.peerDown);
    world.settle(10 * second);
    assert.equal(world.voters, 8);
    assert.equal(world.table.routes[0].seenBy(parsePrefix(target)!.code), 7, 'now it has');
  });

  test('a full feed has 75 % of the second-largest table, and stays one down to 70 %', () => {
    const sizes = [40, 40, 31, 30, 29].map((count) => filler.slice(0, count));
    const peers = new PeerIndex();
    const table = new Table({ peers, settings: rules, configuredCollectors: 1, listener: prefixListener() });
    const say = (peer: number, kind: ElemKindCode, texts: readonly string[]): void => {
      const batch = new ElemBatch(64);
      for (const text of texts) batch.push(kind, 0, peer, 0, parsePrefix(text)!.code, 1);
      table.apply(batch, 0, batch.length);
    };
    sizes.forEach((texts, number) => {
      peers.intern('rrc00', `192.0.2.${number}`, 64_500 + number);
      say(number, ElemKind.rib, texts);
    });
    table.judge(0, () => true);
    assert.equal(table.counts().ipv4.fullFeedPeers, 4, '29 of 40 is below 75 %');
    say(2, ElemKind.withdrawal, filler.slice(28, 31));
    say(3, ElemKind.withdrawal, filler.slice(27, 30));
    table.settle(10 * minute);
    assert.equal(table.counts().ipv4.fullFeedPeers, 3, '28 of 40 stays, 27 goes');
  });

  test('a peer that was in no RIB never votes', () => {
    const world = new World(eight);
    const stranger = world.peers.intern('rrc00', '192.0.2.99', 64_999);
    world.say(stranger, ElemKind.peerUp);
    world.say(stranger, ElemKind.announcement, target, ...filler);
    world.settle(30 * minute);
    assert.equal(world.voters, 8);
    assert.equal(world.table.status(stranger).kind, 'no-table');
  });
});

describe('a lost peer is unknown, not a withdrawal', () => {
  test('it leaves numerator and denominator, and votes again when 95 % of its table is back', () => {
    const world = new World(eight);
    for (let peer = 0; peer < 5; peer++) world.say(peer, ElemKind.peerDown);
    world.settle(10 * second);
    assert.equal(world.voters, 3);
    assert.equal(world.sees, true);
    world.say(0, ElemKind.peerUp);
    assert.equal(world.table.status(0).kind, 'warming');
    world.say(0, ElemKind.announcement, ...filler.slice(0, 37));
    world.settle(10 * second);
    assert.equal(world.voters, 3, '37 of 41 is under 95 %');
    world.say(0, ElemKind.announcement, ...filler.slice(37), target);
    world.settle(10 * second);
    assert.equal(world.voters, 4);
    assert.equal(world.table.status(0).kind, 'up');
  });

  test('warming ends after 15 min, and what was not announced again is gone', () => {
    const world = new World(eight);
    const code = parsePrefix(target)!.code;
    world.say(0, ElemKind.peerUp);
    world.say(0, ElemKind.announcement, ...filler.slice(0, 32));
    world.settle(14 * minute);
    world.settle(50 * second);
    assert.equal(world.table.status(0).kind, 'warming');
    world.settle(10 * second);
    assert.equal(world.table.status(0).kind, 'up');
    assert.equal(world.voters, 8);
    assert.equal(world.table.routes[0].seenBy(code), 7, 'all voters but the one that did not announce it again');
  });

  test(
    'a table that did not come back in those 15 min is no measure: ' + 'the next return is held to the one before',
    () => {
      const world = new World(eight);
      world.say(0, ElemKind.peerUp);
      world.settle(15 * minute);
      assert.equal(world.table.status(0).kind, 'up', 'with nothing');
      world.say(0, ElemKind.peerUp);
      world.say(0, ElemKind.announcement, ...filler.slice(0, 37));
      world.settle(10 * second);
      assert.equal(world.table.status(0).kind, 'warming', '37 of the 41 it once had');
      world.say(0, ElemKind.announcement, ...filler, target);
      world.settle(10 * second);
      assert.equal(world.table.status(0).kind, 'up');
    },
  );

  test('announcements of a peer whose return was not reported start its warming', () => {
    const world = new World(eight);
    world.say(0, ElemKind.peerDown);
    world.say(0, ElemKind.announcement, target);
    assert.equal(world.table.status(0).kind, 'warming');
  });
});

describe('when the voters change', () => {
  /** A peer comes back with its whole table, except for the prefixes that it withdrew. */
  const comesBack = (world: World, peer: number, ...own: string[]): void => {
    world.say(peer, ElemKind.peerUp);
    world.say(peer, ElemKind.announcement, ...filler, ...own);
  };

  test('every verdict is made again, even without a message about the prefix', () => {
    const world = new World(eight);
    world.say(0, ElemKind.peerDown);
    world.settle(10 * second);
    for (let peer = 1; peer < 8; peer++) world.say(peer, ElemKind.withdrawal, target);
    for (let peer = 1; peer < 4; peer++) world.say(peer, ElemKind.announcement, target);
    assert.equal(world.sees, false, '3 of 7 is between');
    comesBack(world, 0, target);
    assert.equal(world.sees, false, 'it does not vote yet');
    world.settle(10 * second);
    assert.equal(world.sees, true, '4 of 8');
    for (let peer = 1; peer < 4; peer++) world.say(peer, ElemKind.peerDown);
    world.settle(10 * second);
    assert.equal(world.sees, false, '1 of 5');
  });

  test('too few voters for a usable table change no verdict', () => {
    const world = new World(eight);
    for (let peer = 3; peer < 8; peer++) world.say(peer, ElemKind.withdrawal, target);
    assert.equal(world.sees, true, '3 of 8 is between');
    for (let peer = 0; peer < 5; peer++) world.say(peer, ElemKind.peerDown);
    world.say(5, ElemKind.announcement, target);
    world.say(5, ElemKind.withdrawal, target);
    assert.equal(world.sees, true, 'none of 3, and the next tick has not counted them yet');
    world.settle(10 * second);
    assert.deepEqual([world.table.usability(0).kind, world.sees], ['unusable', true], 'none of 3');
    for (let peer = 0; peer < 5; peer++) comesBack(world, peer, ...(peer < 3 ? [target] : []));
    world.settle(10 * second);
    assert.deepEqual([world.table.usability(0).kind, world.sees], ['usable', true], '3 of 8 again');
  });

  test('messages received while the table was unusable count when it is usable again', () => {
    const world = new World(eight);
    for (let minutes = 0; minutes < 5; minutes++) world.settle(minute);
    for (let peer = 0; peer < 4; peer++) world.say(peer, ElemKind.peerDown);
    world.settle(10 * second);
    for (let peer = 4; peer < 8; peer++) world.say(peer, ElemKind.withdrawal, target);
    world.settle(minute);
    assert.deepEqual([world.table.usability(0).kind, world.sees], ['unusable', true]);
    // The median follows the voters, so the same four are enough in the end.
    for (let minutes = 0; minutes < 6; minutes++) world.settle(minute);
    assert.deepEqual([world.table.usability(0).kind, world.sees], ['usable', false]);
  });
});

test('the origin is the one that a voter announced, even if others announce another', () => {
  const world = new World([...eight, eight[0]]);
  const origins = (): number[] => {
    const { verdicts, origins: all } = world.table.routes[0].prefixes;
    return [...new Set([...all].filter((_, id) => verdicts[id] === 1))];
  };
  world.sayFrom(64_666, 8, ElemKind.announcement, target);
  assert.deepEqual(origins(), [64_500], 'the second session of the first ASN has no vote');
  world.sayFrom(64_666, 0, ElemKind.announcement, target);
  assert.deepEqual(origins().sort(), [64_500, 64_666]);
});

describe('whether the table is usable', () => {
  const story: [string, (world: World) => void, string][] = [
    ['eight of eight', () => undefined, 'usable'],
    ['five of eight: 62 %', (world) => [0, 1, 2].forEach((peer) => world.say(peer, ElemKind.peerDown)), 'usable'],
    [
      'four of eight: under 60 % of the median',
      (world) => [0, 1, 2, 3].forEach((peer) => world.say(peer, ElemKind.peerDown)),
      'voters-lost',
    ],
    [
      'three, and four are needed',
      (world) => [0, 1, 2, 3, 4].forEach((peer) => world.say(peer, ElemKind.peerDown)),
      'few-voters',
    ],
    ['a hole too long to judge on', (world) => world.table.freeze(), 'gap'],
  ];
  for (const [name, act, expected] of story) {
    test(name, () => {
      const world = new World(eight);
      for (let minutes = 0; minutes < 5; minutes++) world.settle(minute);
      act(world);
      world.settle(10 * second);
      const usability = world.table.usability(0);
      assert.equal(usability.kind === 'usable' ? 'usable' : usability.reason, expected);
    });
  }

  test('voters on too few collectors', () => {
    const strict = shippedRules({ table: { minVoters: 4, minCollectors: 3 } }).table;
    const peers = new PeerIndex();
    const table = new Table({ peers, settings: strict, configuredCollectors: 3, listener: prefixListener() });
    eight.forEach((asn, number) => {
      const batch = new ElemBatch();
      peers.intern(number < 4 ? 'rrc00' : 'rrc01', `192.0.2.${number}`, asn);
      for (const text of filler) batch.push(ElemKind.rib, 0, number, 0, parsePrefix(text)!.code, 1);
      table.apply(batch, 0, batch.length);
    });
    table.judge(0, () => true);
    table.settle(0);
    assert.deepEqual(table.usability(0), {
      kind: 'unusable',
      reason: 'few-collectors',
      voters: 8,
      collectors: 2,
      needed: 3,
    });
  });
});

test('a load with too few voters makes no verdicts; they are made once there are enough', () => {
  const peers = new PeerIndex();
  const up = new Set<number>();
  const listener = prefixListener({ flipped: (_family, _id, code) => void up.add(code) });
  const table = new Table({ peers, settings: rules, configuredCollectors: 1, listener });
  const say = (peer: number, kind: ElemKindCode, at: number, texts: readonly string[]): void => {
    const batch = new ElemBatch(64);
    if (texts.length === 0) batch.push(kind, 0, peer, at, 0, 0);
    for (const text of texts) batch.push(kind, 0, peer, at, parsePrefix(text)!.code, 1);
    table.apply(batch, 0, batch.length);
  };
  for (let peer = 0; peer < 4; peer++) {
    peers.intern('rrc00', `192.0.2.${peer}`, 64_500 + peer);
    say(peer, ElemKind.rib, 0, filler);
  }
  say(0, ElemKind.peerDown, 0, []);
  table.judge(0, () => false);
  table.settle(10 * second);
  assert.equal(up.size, 0);
  say(0, ElemKind.peerUp, 20 * second, []);
  say(0, ElemKind.announcement, 20 * second, filler);
  table.settle(30 * second);
  assert.equal(up.size, filler.length);
});
