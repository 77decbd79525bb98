/**
 * Every recording in test/fixtures through the command: what it counts, and what it says of records that it could not
 * use.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createMrtDecoder, ElemBatch, elemsOf, PeerIndex } from '../../src/core/bgp/index.js';
import { mrtFixture } from '../support/feed/mrt-fixture.js';
import { mrtPeerTable, mrtRib, mrtUpdate, type MrtSession } from '../support/feed/mrt-writer.js';
import { registryMap, runReplayCommand } from '../support/replay/replay-command.js';

const map = registryMap(null);
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const noRib = 'no RIB: no peer votes, so nothing is judged';

/** By file: messages, elems, problems, peers, full feeds of IPv4 and IPv6. */
type Counts = readonly [messages: number, elems: number, problems: number, peers: number, ipv4: number, ipv6: number];

const ribs: Readonly<Record<string, Counts>> = {
  'bview.20100701.0759.reencoded-1in50.gz': [6471, 12_837, 0, 5, 2, 0],
  'bview.20151023.derived-3peers-1in40.gz': [14_450, 43_347, 0, 3, 3, 0],
  'mrtparse__bird-mrtdump_rib': [14, 18, 0, 2, 0, 0],
  'mrtparse__bird6-mrtdump_rib': [9, 10, 0, 2, 0, 0],
  mrtparse__openbgpd_rib_table: [31, 31, 0, 3, 0, 0],
  'mrtparse__openbgpd_rib_table-mp': [31, 31, 0, 2, 0, 0],
  'mrtparse__openbgpd_rib_table-v2': [22, 31, 0, 3, 0, 0],
  mrtparse__quagga_rib: [7, 9, 0, 2, 0, 0],
};
const updates: Readonly<Record<string, Counts>> = {
  'bgpkit__local_only_updates.bz2': [85, 268, 0, 4, 0, 0],
  'bgpkit__rrc03_2010.02_updates.20100227.1600.first-796-records.gz': [796, 1387, 0, 42, 0, 0],
  'bgpkit__rrc15_2010.02_updates.20100227.1600.gz': [6615, 53_855, 0, 10, 0, 0],
  'bgpkit__rrc15_2010.02_updates.20100227.1610.gz': [1953, 7534, 0, 10, 0, 0],
  'libbgpstream__ris.rrc06.updates.1427846400.gz': [795, 1591, 0, 7, 0, 0],
  'libbgpstream__routeviews.jinx.updates.1427846400.bz2': [1756, 8611, 0, 4, 0, 0],
  'mrtparse__bird-mrtdump_bgp': [27, 35, 0, 2, 0, 0],
  'mrtparse__bird6-mrtdump_bgp': [27, 35, 0, 2, 0, 0],
  mrtparse__bird_bgp: [29, 37, 0, 2, 0, 0],
  mrtparse__bird6_bgp: [29, 37, 0, 2, 0, 0],
  mrtparse__openbgpd_bgp: [87, 138, 0, 4, 0, 0],
  mrtparse__quagga_bgp: [67, 79, 0, 2, 0, 0],
};

async function holds(
  argv: readonly string[],
  [messages, elems, problems, peers, ipv4, ipv6]: Counts,
  said: readonly string[],
): Promise<void> {
  const replayed = await runReplayCommand([...argv, '--json'], map);
  assert.equal(replayed.code, 0);
  const { seconds, ...summary } = replayed.summary;
  assert.equal(typeof seconds, 'number');
  assert.deepEqual(summary, {
    kind: 'summary',
    messages,
    elems,
    problems,
    peers,
    fullFeedPeers: { ipv4, ipv6 },
    voters: { ipv4, ipv6 },
    usable: { ipv4: false, ipv6: false },
  });
  assert.deepEqual(Object.keys(replayed.summary), [
    'kind',
    'messages',
    'elems',
    'problems',
    'peers',
    'fullFeedPeers',
    'voters',
    'usable',
    'seconds',
  ]);
  assert.deepEqual(replayed.lines, []);
  assert.deepEqual(replayed.said, said);
}

test('every MRT file is read to its end', async (t) => {
  for (const [name, counts] of Object.entries(ribs)) {
    await t.test(name, () =>
      holds(['--rib', `rrc06=${fixture(`mrt/${name}`)}`], counts, [`unusable: ${counts[4]} of 20 voters`]),
    );
  }
  for (const [name, counts] of Object.entries(updates)) {
    await t.test(name, () => holds(['--updates', `rrc06=${fixture(`mrt/${name}`)}`], counts, [noRib]));
  }
});

test('RIS Live lines of six years and no RIB are read at once, without a collector in the flag', async () => {
  const path = fixture('rislive/rislive-samples.jsonl');
  await holds(
    ['--updates', path],
    [24, 44, 1, 22, 0, 0],
    [noRib, `${path}: 1 record had to be skipped (no-message-type 1)`, '34 updates came late, after newer ones'],
  );
});

test('North Korea of 2015 is four prefixes and four /24s, in spite of the default route', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lightsout-replay-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const rib = fixture('mrt/bview.20151023.derived-3peers-1in40.gz');
  const at = Date.parse('2015-10-23T01:00:00Z');
  const peers = [
    { asn: 3856, address: '206.220.231.55' },
    { asn: 64_496, address: '192.0.2.1' },
    { asn: 64_497, address: '192.0.2.2' },
  ];
  const prefixes = ['175.45.176.0/24', '175.45.177.0/24', '175.45.178.0/24', '175.45.179.0/24'];
  const update = join(folder, 'updates');
  const quiet = mrtUpdate(at, { peer: peers[0], path: [3856, 2497], announce: ['133.0.0.0/16'] });
  writeFileSync(
    update,
    Buffer.concat([quiet, ...peers.map((peer) => mrtUpdate(at + 600_000, { peer, withdraw: prefixes }))]),
  );
  const rules = join(folder, 'rules.json');
  writeFileSync(rules, JSON.stringify({ table: { minVoters: 3, minCollectors: 1 } }));
  const argv = [
    '--rib',
    `rrc06=${rib}`,
    '--updates',
    `rrc06=${update}`,
    '--countries',
    'KP',
    '--until',
    '2015-10-23T01:30:00Z',
    '--json',
  ];

  await t.test('judged by rules that need only three voters', async () => {
    const replayed = await runReplayCommand([...argv, '--rules', rules], map);
    assert.deepEqual(replayed.said, []);
    assert.equal(replayed.lines.length, 1);
    const { visible, baseline, text } = JSON.parse(replayed.lines[0]) as Record<string, unknown>;
    assert.deepEqual({ visible, baseline }, { visible: 0, baseline: 4 });
    assert.match(String(text), /went down at 01:10 UTC: all 4 routes withdrawn\./);
  });
  await t.test('by the shipped rules three voters are too few: that is reported, and no event is told', async () => {
    const replayed = await runReplayCommand(argv, map);
    assert.deepEqual(replayed.said, ['unusable: 3 of 20 voters']);
    assert.deepEqual(replayed.lines, []);
  });
});

test(
  'a peer of rrc15 that sends its whole table again, as in 2010, is seen warming, and nobody is told ' + 'anything',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lightsout-replay-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const recording = 'bgpkit__rrc15_2010.02_updates.20100227.1600.gz';
    const at = Date.parse('2010-02-27T16:00:00Z');
    // There is no RIB of that day. Each peer has what it announces; the peer in question has 300 more routes, which it
    // does not send again.
    const indices = new PeerIndex();
    const batch = new ElemBatch();
    createMrtDecoder(indices, 'rrc15').push(await mrtFixture(recording), batch);
    const tables = new Map<string, Set<number>>();
    const sessions: MrtSession[] = [];
    for (const elem of elemsOf(batch, indices)) {
      let place = sessions.findIndex(({ address }) => address === elem.peer);
      if (place < 0) place = sessions.push({ address: elem.peer, asn: elem.peerAsn }) - 1;
      if (elem.kind === 'announcement') tables.set(elem.prefix, (tables.get(elem.prefix) ?? new Set()).add(place));
    }
    const resender = sessions.findIndex(({ asn }) => asn === 1916);
    const its = [...tables].filter(([, who]) => who.has(resender)).map(([prefix]) => prefix);
    assert.equal(its.length, 48_720);
    for (let index = 0; index < 300; index++)
      tables.set(`133.${index >>> 4}.${(index & 15) << 4}.0/20`, new Set([resender]));
    const rib = (
      collector: string,
      peers: readonly MrtSession[],
      routes: Iterable<readonly [string, Iterable<number>]>,
    ): string => {
      const records = [...routes].map(([prefix, who]) =>
        mrtRib(
          at,
          prefix,
          [...who].map((peer) => ({ peer, path: [peers[peer].asn, 2497] })),
        ),
      );
      const path = join(folder, collector);
      writeFileSync(path, Buffer.concat([mrtPeerTable(at, peers), ...records]));
      return `${collector}=${path}`;
    };
    // The other voters have every twentieth of its routes. It is a full feed, and they decide what is visible.
    const others = ['rrc00', 'rrc01', 'rrc03'].map((collector, row) => {
      const peers = Array.from({ length: 8 }, (_, index) => ({
        address: `192.0.2.${row * 8 + index + 1}`,
        asn: 64_496 + row * 8 + index,
      }));
      return rib(
        collector,
        peers,
        its.filter((_, index) => index % 20 === 0).map((prefix) => [prefix, peers.keys()]),
      );
    });
    const ribs = [rib('rrc15', sessions, tables), ...others].flatMap((flag) => ['--rib', flag]);
    const replayed = await runReplayCommand(
      [...ribs, '--updates', `rrc15=${fixture(`mrt/${recording}`)}`, '--until', '2010-02-27T16:30:00Z'],
      map,
    );
    assert.deepEqual(replayed.lines, []);
    assert.deepEqual(replayed.said, ['rrc15 AS1916 200.219.130.4: its table was sent again, 16:04:50 - 16:05:20']);
    assert.deepEqual(replayed.summary['voters'], { ipv4: 25, ipv6: 0 });
    assert.deepEqual(replayed.summary['usable'], { ipv4: true, ipv6: false });
  },
);
