/**
 * A new registry while the table is in use: afterwards the counts equal those of a table that used the new one from the
 * start.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CountryMap } from '../../../src/core/countries/index.js';
import { heldIpv6, ipv6Columns, type UnitRange } from '../../../src/core/countries/registry/country-map.js';
import { Holdings } from '../../../src/core/countries/units/holdings.js';
import { PrefixMemory } from '../../../src/core/countries/units/prefix-memory.js';
import { UnitTrie } from '../../../src/core/countries/registry/unit-trie.js';
import { RouteTable } from '../../../src/core/table/routes/route-table.js';
import { shippedRules } from '../../support/rules.js';
import { prefixListener } from '../../support/prefix-listener.js';

const first4 = 5 * 2 ** 16;
const first6 = 0x2a00_0000_0000;
/** Two /32s with the same holders in all maps, so that not every range changes hands. */
const still6 = first6 + 2 ** 24;
const stillPrefixes = Array.from({ length: 120 }, (_, index) => ({
  family: 1 as const,
  code: 2 ** 40 + still6 / 256 + index * 4,
}));
const rules = shippedRules().table;

/** A piece of 5.0.0.0/15 or 2a00::/29 and the country that holds it, if any. */
type Piece = readonly [length: number, code: string];
const code = fc.constantFrom('', 'AA', 'BB', 'CC', 'DD', 'EE');
/** Pieces instead of maps, because a counterexample of sixteen million octets cannot be printed. */
interface Pieces {
  readonly ipv4: readonly Piece[];
  readonly ipv6: readonly Piece[];
}
const piecesOf: fc.Arbitrary<Pieces> = fc.record({
  ipv4: fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), code), { maxLength: 12 }),
  ipv6: fc.array(fc.tuple(fc.oneof(fc.integer({ min: 1, max: 70_000 }), fc.constantFrom(1, 65_536)), code), {
    maxLength: 12,
  }),
});

/** IPv4 without any holder. */
const nobodys = new Uint8Array(2 ** 24);

function mapFrom({ ipv4: pieces4, ipv6: pieces6 }: Pieces): CountryMap {
  const codes = [
    '',
    ...[...new Set([...pieces4, ...pieces6].map(([, name]) => name))].filter((name) => name !== '').sort(),
  ];
  const rangesOf = (pieces: readonly Piece[], from: number): UnitRange[] => {
    let start = from;
    return pieces.map(([length, name]) => ({ start, end: (start += length), country: codes.indexOf(name) }));
  };
  const ipv4 = pieces4.length === 0 ? nobodys : new Uint8Array(2 ** 24);
  for (const { start, end, country } of rangesOf(pieces4, first4)) ipv4.fill(country, start, end);
  const still = ['AA', 'CC'].flatMap((name, index) =>
    codes.includes(name)
      ? [{ start: still6 + index * 65_536, end: still6 + (index + 1) * 65_536, country: codes.indexOf(name) }]
      : [],
  );
  return {
    codes,
    ipv4,
    ipv6: ipv6Columns([...rangesOf(pieces6, first6).filter(({ country }) => country > 0), ...still]),
  };
}

const anywhere = fc
  .oneof(
    fc.tuple(fc.constant(0 as const), fc.integer({ min: 14, max: 24 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
    fc.tuple(fc.constant(1 as const), fc.integer({ min: 28, max: 48 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
  )
  .map(([family, length, within]) => {
    const [space, width, unitLength] = family === 0 ? [first4, 15, 24] : [first6, 29, 48];
    const index = Math.floor(within * 2 ** Math.max(0, length - width));
    return { family, code: 2 ** length + Math.floor(space / 2 ** (unitLength - length)) + index };
  });

const prefix = fc.oneof(
  { weight: 4, arbitrary: anywhere },
  { weight: 1, arbitrary: fc.constantFrom(...stillPrefixes) },
);

/** A table with one voter, and the counts that follow from its visible prefixes. */
class World {
  readonly holdings: Holdings;
  readonly memories = [new PrefixMemory(), new PrefixMemory()] as const;
  readonly routes: readonly [RouteTable, RouteTable];
  readonly visible = new Set<string>();

  constructor(map: CountryMap) {
    const holdings = new Holdings(map);
    this.holdings = holdings;
    const listener = prefixListener({
      follow: (family, prefixes) => this.memories[family].follow(prefixes),
      added: (family, id, code) => this.memories[family].add(id, holdings.added(family, id, code)),
      flipped: (family, id, code, _origin, up) =>
        holdings.flipped(family, id, code, this.memories[family].ownerOf(id), up),
    });
    this.routes = [new RouteTable(0, listener, rules), new RouteTable(1, listener, rules)];
    for (const table of this.routes) {
      table.setVoting(0, true);
      table.verdicts.make(() => false);
    }
  }

  flip({ family, code }: { readonly family: 0 | 1; readonly code: number }): void {
    const name = `${family} ${code}`;
    if (this.visible.delete(name)) this.routes[family].withdraw(0, code, -1);
    else {
      this.visible.add(name);
      this.routes[family].announce(0, code, 1, -1);
    }
  }

  swap(map: CountryMap): void {
    this.holdings.swap(map, this.memories);
  }

  /** By country, units and prefixes of both families, and the owners of all known prefixes. */
  count(): unknown {
    const { map } = this.holdings;
    const owners: Record<string, string> = {};
    for (const [family, memory] of this.memories.entries()) {
      memory.reown(
        Uint16Array.from(map.codes, (_, number) => number),
        (_, code, owner) => {
          if (this.visible.has(`${family} ${code}`)) owners[`${family} ${code}`] = map.codes[owner];
          return owner;
        },
      );
    }
    const counts = map.codes.map((name, number) => [
      name,
      ...[0, 1].flatMap((family) => [
        this.holdings.units(family as 0 | 1, number),
        this.holdings.prefixes(family as 0 | 1, number),
      ]),
    ]);
    return {
      counts: counts.filter(([name, ...numbers]) => name !== '' || numbers.some((count) => count !== 0)),
      owners,
    };
  }
}

/** The counts of a world that used this map from the start. */
function counted(map: CountryMap, visible: ReadonlySet<string>): unknown {
  const world = new World(map);
  for (const name of visible) {
    const [family, code] = name.split(' ').map(Number);
    world.flip({ family: family as 0 | 1, code });
  }
  return world.count();
}

test(
  'S, N and every owner after a swap, and after all that follows, are those of a table that knew no other ' +
    'registry',
  () => {
    const swaps = fc.array(fc.record({ pieces: piecesOf, flips: fc.array(prefix, { minLength: 10, maxLength: 40 }) }), {
      minLength: 2,
      maxLength: 2,
    });
    fc.assert(
      fc.property(piecesOf, fc.array(prefix, { minLength: 10, maxLength: 40 }), swaps, (before, flips, changes) => {
        const world = new World(mapFrom(before));
        for (const each of stillPrefixes) world.flip(each);
        for (const each of flips) world.flip(each);
        for (const { pieces, flips: later } of changes) {
          world.swap(mapFrom(pieces));
          for (const each of later) world.flip(each);
        }
        assert.deepEqual(world.count(), counted(world.holdings.map, world.visible));
      }),
      { numRuns: 5, seed: 20260617, endOnFailure: true },
    );
  },
);

test('IPv6 through many swaps: blocks that changed hands are counted again, the others only renumbered', () => {
  const holders = (map: CountryMap) => (start: number, end: number) => heldIpv6(map, start, end);
  const prefix6 = prefix.filter(({ family }) => family === 1).map((one) => one.code);
  const steps = fc.array(fc.record({ pieces: piecesOf, flips: fc.array(prefix6, { maxLength: 20 }) }), {
    minLength: 2,
    maxLength: 6,
  });
  fc.assert(
    fc.property(steps, ([{ pieces, flips }, ...later]) => {
      const map = mapFrom({ ...pieces, ipv4: [] });
      const trie = new UnitTrie(48, map.codes.length, holders(map));
      const codes: number[] = [];
      const up = new Set<number>();
      const flip = (one: number): void => {
        if (!codes.includes(one)) trie.add(codes.push(one) - 1, one);
        if (!up.delete(one)) up.add(one);
        trie.flip(codes.indexOf(one), up.has(one));
      };
      stillPrefixes.forEach((one) => flip(one.code));
      flips.forEach(flip);
      let old = map;
      for (const step of later) {
        const now = mapFrom({ ...step.pieces, ipv4: [] });
        const numbers = Uint16Array.from(old.codes, (name) =>
          now.codes.includes(name) ? now.codes.indexOf(name) : 0xffff,
        );
        const isMoved = trie.swap(now.codes.length, numbers, holders(now));
        for (const [id, one] of codes.entries()) {
          if (!isMoved(one)) continue;
          trie.add(id, one);
          if (up.has(one)) trie.flip(id, true);
        }
        step.flips.forEach(flip);
        const fresh = new UnitTrie(48, now.codes.length, holders(now));
        for (const [id, one] of [...up].entries()) {
          fresh.add(id, one);
          fresh.flip(id, true);
        }
        assert.deepEqual([...trie.totals], [...fresh.totals]);
        old = now;
      }
    }),
    { numRuns: 60, seed: 20260617, endOnFailure: true },
  );
});

test('a prefix over the space of two countries counts for neither once its space has no holder', () => {
  const slash32 = 2 ** 32 + 0x2a00_0000;
  const holders = (map: CountryMap) => (start: number, end: number) => heldIpv6(map, start, end);
  const [two, none] = [
    mapFrom({
      ipv4: [],
      ipv6: [
        [10, 'AA'],
        [10, 'BB'],
      ],
    }),
    mapFrom({
      ipv4: [
        [1, 'AA'],
        [1, 'BB'],
      ],
      ipv6: [],
    }),
  ];
  const trie = new UnitTrie(48, 3, holders(two));
  // These stay, so that the arrays are not created again.
  for (const [id, { code: still }] of stillPrefixes.entries()) trie.add(id + 1, still);
  trie.add(0, slash32);
  trie.flip(0, true);
  assert.deepEqual([...trie.totals], [0, 10, 10]);
  trie.flip(0, false);
  assert.equal(trie.swap(3, Uint16Array.of(0, 1, 2), holders(none))(slash32), true);
  trie.add(0, slash32);
  trie.flip(0, true);
  assert.deepEqual([...trie.totals], [0, 0, 0]);
});
