/**
 * Documented outages, as 24 peers on three collectors would have reported them, and word for word what must be told.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ipv4Routes, ipv6Routes, RecordedWorld, recordedPeers } from '../support/replay/recorded-world.js';
import { registryMap, runReplayCommand } from '../support/replay/replay-command.js';

interface Story {
  readonly country: string;
  readonly world: () => RecordedWorld;
  readonly until: string;
  /** A patch of the rules. */
  readonly rules?: object;
  /** Whether the table is usable at the last tick. */
  readonly usable?: boolean;
}

const asns = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index);
const northKorea = ipv4Routes('KP', 4, 1, [131_279]);
const fewVoters = { table: { minVoters: 3, minCollectors: 1 } };

/** test/replay/<name>.txt holds the transcript. */
const told: Readonly<Record<string, Story>> = {
  // 29 Nov 2012, 10:26 UTC: 79 of 84 routes in 3-4 min; the five that stay, abroad, go at 23:45; all are back on 1 Dec,
  // 14:32.
  'syria-2012': {
    country: 'SY',
    until: '2012-12-01T15:30:00Z',
    world() {
      const routes = ipv4Routes('SY', 84, 64, [29_256]);
      const survivors = routes.slice(-5);
      return new RecordedWorld('2012-11-29T08:00:00Z', routes)
        .quiet('2012-11-29T09:00:00Z')
        .withdraw('2012-11-29T10:26:00Z', routes.slice(0, 30))
        .withdraw('2012-11-29T10:28:00Z', routes.slice(30, 60))
        .withdraw('2012-11-29T10:29:30Z', routes.slice(60, -5))
        .withdraw('2012-11-29T23:45:00Z', survivors)
        .announce('2012-12-01T14:32:00Z', routes);
    },
  },
  // 27 Jan 2011: AS after AS from 22:34 on, within 20 min; 327 of 2,903 routes stay.
  'egypt-2011': {
    country: 'EG',
    until: '2011-01-28T01:10:00Z',
    world() {
      const networks = asns(64_600, 52);
      const routes = ipv4Routes('EG', 2903, 8, networks);
      const world = new RecordedWorld('2011-01-27T16:00:00Z', routes).quiet('2011-01-27T22:00:00Z');
      const gone = networks.slice(0, -6);
      for (const [index, network] of gone.entries()) {
        const at = Date.parse('2011-01-27T22:34:00Z') + index * 25_000;
        world.withdraw(
          new Date(at).toISOString(),
          routes.filter(({ origin }) => origin === network),
        );
      }
      return world;
    },
  },
  // 17-18 Jul 2024 at four times the speed: one network, the next, most of the rest.
  'bangladesh-2024': {
    country: 'BD',
    until: '2024-07-18T01:30:00Z',
    world() {
      const routes = ipv4Routes('BD', 400, 8, asns(64_700, 20));
      return new RecordedWorld('2024-07-17T16:00:00Z', routes)
        .quiet('2024-07-17T19:00:00Z')
        .withdraw('2024-07-17T19:30:00Z', routes.slice(0, 40))
        .withdraw('2024-07-17T20:15:00Z', routes.slice(40, 120))
        .withdraw('2024-07-17T22:00:00Z', routes.slice(120, 240))
        .withdraw('2024-07-18T00:15:00Z', routes.slice(240, 390))
        .announce('2024-07-18T00:45:00Z', routes);
    },
  },
  // 8 Jan 2026: IPv6 falls by 98.5 % at 11:50, the IPv4 routes stay.
  'iran-2026-ipv6': {
    country: 'IR',
    until: '2026-01-08T14:00:00Z',
    world() {
      const ipv6 = ipv6Routes('IR', 130, asns(64_800, 20));
      return new RecordedWorld('2026-01-08T08:00:00Z', [...ipv4Routes('IR', 100, 16, asns(64_800, 20)), ...ipv6])
        .quiet('2026-01-08T11:00:00Z')
        .withdraw('2026-01-08T11:50:00Z', ipv6.slice(2));
    },
  },
};

/** Our own trouble, or no trouble at all: nothing must be told. */
const silent: Readonly<Record<string, Story>> = {
  'North Korea, 18 Mar 2025: a route that about 40 % of the voters still see is not gone': {
    country: 'KP',
    until: '2025-03-18T14:00:00Z',
    world: () =>
      koreaBefore('2025-03-18T08:00:00Z')
        .withdraw(
          '2025-03-18T09:30:15Z',
          northKorea,
          recordedPeers.filter((_, index) => index % 8 > 2),
        )
        .announce('2025-03-18T12:00:00Z', northKorea),
    usable: true,
  },
  'a collector lost: its peers are unknown, the others are judged by': {
    country: 'KP',
    until: '2025-03-18T12:00:00Z',
    rules: { table: { minVoters: 10, minCollectors: 2 } },
    world: () => koreaBefore('2025-03-18T08:00:00Z').state('2025-03-18T10:00:00Z', 'down', onCollector('rrc00')),
    usable: true,
  },
  'five of six peers lost, and the rest enough by the rules: who is unknown has withdrawn nothing': {
    country: 'KP',
    until: '2025-03-18T12:00:00Z',
    rules: { table: { ...fewVoters.table, minVotersShare: 0 } },
    world: () =>
      koreaBefore('2025-03-18T08:00:00Z').state(
        '2025-03-18T10:00:00Z',
        'down',
        recordedPeers.filter((_, index) => index >= 4),
      ),
    usable: true,
  },
  'half of the peers gone, and the country for those that stay: too few to judge by, whatever they say': {
    country: 'KP',
    until: '2025-03-18T10:50:00Z',
    rules: fewVoters,
    world: () =>
      koreaBefore('2025-03-18T08:00:00Z')
        .state(
          '2025-03-18T10:00:00Z',
          'down',
          recordedPeers.filter((_, index) => index % 2 === 0),
        )
        .withdraw(
          '2025-03-18T10:00:00Z',
          northKorea,
          recordedPeers.filter((_, index) => index % 2 === 1),
        ),
    usable: false,
  },
  'every session reset, and its whole table sent again a minute later': {
    country: 'KP',
    until: '2025-03-18T12:00:00Z',
    world: () =>
      koreaBefore('2025-03-18T08:00:00Z')
        .state('2025-03-18T10:00:00Z', 'down', recordedPeers)
        .state('2025-03-18T10:00:40Z', 'up', recordedPeers)
        .wholeTable('2025-03-18T10:04:40Z', recordedPeers),
    usable: true,
  },
  'one peer withdraws everything it has': {
    country: 'KP',
    until: '2025-03-18T12:00:00Z',
    world: () =>
      koreaBefore('2025-03-18T08:00:00Z').withdraw('2025-03-18T10:00:00Z', northKorea, recordedPeers.slice(0, 1)),
    usable: true,
  },
};

function koreaBefore(ribAt: string): RecordedWorld {
  return new RecordedWorld(ribAt, northKorea).quiet(ribAt.replace('T08:00', 'T09:00'));
}

function onCollector(name: string): typeof recordedPeers {
  return recordedPeers.filter(({ collector }) => collector === name);
}

async function play({ country, until, rules, world: make }: Story): ReturnType<typeof runReplayCommand> {
  const world = make();
  try {
    const patch = rules === undefined ? [] : ['--rules', world.write('rules.json', JSON.stringify(rules))];
    return await runReplayCommand(
      [...world.ribs(), ...world.mrtUpdates(), ...patch, '--countries', country, '--until', until],
      registryMap(country),
    );
  } finally {
    world.remove();
  }
}

test('documented outages are told as their transcripts have it', async (t) => {
  for (const [name, story] of Object.entries(told)) {
    await t.test(name, async () => {
      const replayed = await play(story);
      assert.equal(replayed.code, 0);
      const transcript = readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8');
      assert.deepEqual(replayed.lines, transcript.split('\n').slice(0, -1));
    });
  }
});

test('nothing is told', async (t) => {
  for (const [name, story] of Object.entries(silent)) {
    await t.test(name, async () => {
      const replayed = await play(story);
      assert.equal(replayed.code, 0);
      assert.deepEqual(replayed.lines, []);
      assert.deepEqual(replayed.summary['usable'], { ipv4: story.usable, ipv6: false });
    });
  }
});
