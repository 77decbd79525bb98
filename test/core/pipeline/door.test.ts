/**
 * The core's one door: a recorded list of events plays back to the same bytes, and advance() decides which ticks there
 * are.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ElemBatch, ElemKind, parsePrefix, PeerIndex } from '../../../src/core/bgp/index.js';
import { parseRegistry } from '../../../src/core/countries/index.js';
import type { CoreEvent } from '../../../src/core/events.js';
import { Pipeline } from '../../../src/core/pipeline.js';
import type { TimeSource } from '../../../src/core/tick-times.js';
import { copyPeers, playBack, record, textOf } from '../../support/replay/core-recording.js';
import { elsewhere, everyPeer, PipelineWorld, tinyRoutes } from '../../support/replay/pipeline-world.js';
import { ipv4Unit } from '../../support/registry/units.js';
import { shippedRules } from '../../support/rules.js';

const second = 1_000;
const minute = 60 * second;
const tick = 10 * second;
const onCollector = (collector: number): number[] => everyPeer.filter((peer) => peer % 3 === collector);

const { map } = parseRegistry(
  `${ipv4Unit('6.0.0.0')},${ipv4Unit('6.0.3.255')},BB\n${ipv4Unit('7.0.0.0')},${ipv4Unit('7.255.255.255')},CC\n`,
  '',
  [],
);
/** BB loses half of its space to CC. */
const { map: halved } = parseRegistry(
  `${ipv4Unit('6.0.0.0')},${ipv4Unit('6.0.1.255')},BB\n${ipv4Unit('6.0.2.0')},${ipv4Unit('6.0.3.255')},CC\n` +
    `${ipv4Unit('7.0.0.0')},${ipv4Unit('7.255.255.255')},CC\n`,
  '',
  [],
);

const newPipeline = (peers: PeerIndex, time: TimeSource): Pipeline =>
  new Pipeline({ peers, map, groups: [], rules: shippedRules(), configuredCollectors: 3, only: null, time });

/** A world before its first event. */
function unheard(time: TimeSource): PipelineWorld {
  const world = new PipelineWorld({ map, time, isEmpty: true });
  for (const peer of everyPeer) world.peers.intern(`rrc0${peer % 3}`, `192.0.2.${peer + 1}`, 64_500 + peer);
  return world;
}

/** Takes the ticks of `ms`; at each of them every peer announces something. */
function run(world: PipelineWorld, ms: number): void {
  for (const end = world.at + ms; world.at < end;) world.say(everyPeer, 'idle').run(tick);
}

/** Every kind of event: an outage, a lost collector, a short gap filled during another outage, and a new registry. */
function story(world: PipelineWorld): void {
  const tell = (event: CoreEvent): void => world.pipeline.handle(event);
  world.say(everyPeer, 'rib', elsewhere).say(everyPeer, 'rib', tinyRoutes).loaded();
  run(world, 5 * minute);
  world.say(everyPeer, 'withdrawal', tinyRoutes);
  run(world, 10 * minute);
  tell({ kind: 'collector-lost', collector: 'rrc01', from: world.at });
  run(world, 2 * minute);
  tell({ kind: 'collector-reset', collector: 'rrc01' });
  world.say(onCollector(1), 'rib', elsewhere);
  tell({ kind: 'collector-back', collector: 'rrc01' });
  run(world, 10 * minute);
  world.say(everyPeer, 'announcement', tinyRoutes, 7);
  run(world, 30 * minute);
  tell({ kind: 'gap-opened', collector: 'rrc02', to: world.at });
  world.say(everyPeer, 'withdrawal', tinyRoutes.slice(0, 3));
  run(world, 3 * minute);
  tell({ kind: 'gap-rows', batch: batchOf(onCollector(2), world.at - 4 * minute, tinyRoutes) });
  tell({ kind: 'gap-filled', collector: 'rrc02' });
  world.swap(halved);
  run(world, 30 * minute);
  tell({ kind: 'stream-lost', from: world.at, to: world.at + 2 * minute, ticksFrom: world.at + 2 * minute });
  run(world, 10 * minute);
}

function batchOf(peers: readonly number[], at: number, routes: readonly string[]): ElemBatch {
  const batch = new ElemBatch(4);
  for (const peer of peers)
    for (const route of routes) batch.push(ElemKind.announcement, 0, peer, at, parsePrefix(route)!.code, 1);
  return batch;
}

for (const time of ['caller', 'rows'] as const) {
  test(`a recorded list of events plays back to the same bytes, with time from ${time}`, () => {
    const world = unheard(time);
    const recording = record(world.pipeline);
    story(world);
    assert.deepEqual(
      world.events.map(({ kind, country }) => `${country} ${kind}`),
      ['BB opened', 'BB restored', 'BB down-again'],
    );
    assert.notDeepEqual(world.moved, [], 'the registry took over');
    assert.ok(world.rows.length > 0 && world.records.size > 0);

    const peers = new PeerIndex();
    copyPeers(world.peers, peers);
    const again = newPipeline(peers, time);
    const results = playBack(recording, again);
    assert.equal(textOf(results), textOf(recording.results));
    assert.deepEqual([...again.pieces()], [...world.pipeline.pieces()], 'and to the same table');
    assert.deepEqual([...again.view().states()], [...world.view.states()]);
  });
}

const start = Date.parse('2026-01-05T00:00:00Z');

/** Peers 0, 1, 2 are on rrc00, rrc01, rrc02. Each line is [seconds from the start, who speaks, the clock's limit]. */
function ticksOf(time: TimeSource, loadedAt: number, lines: readonly [number, readonly number[], number?][]): number[] {
  const peers = new PeerIndex();
  for (const peer of [0, 1, 2]) peers.intern(`rrc0${peer}`, `192.0.2.${peer + 1}`, 64_500 + peer);
  const pipeline = newPipeline(peers, time);
  pipeline.handle({ kind: 'load-done', at: start + loadedAt * second });
  return lines.flatMap(([at, who, limit = at]) => {
    const batch = new ElemBatch(4);
    for (const peer of who) batch.push(ElemKind.idle, 0, peer, start + at * second, 0, 0);
    pipeline.handle({ kind: 'rows', batch });
    return [...pipeline.advance(start + limit * second)].map((result) => (result.at - start) / second);
  });
}

test('by rows: event time is that of the second-newest collector, up to the limit; ticks are not made up', () => {
  assert.deepEqual(
    ticksOf('rows', 3, [
      [9, [0, 1]],
      [10, [0]],
      [11, [1]],
    ]),
    [10],
    'the first tick is rounded up',
  );
  assert.deepEqual(
    ticksOf('rows', 0, [
      [0, [0, 1]],
      [47, [0]],
      [48, [0, 1]],
    ]),
    [0, 40],
    'one tick after a standstill',
  );
  assert.deepEqual(ticksOf('rows', 0, [[30, [0, 1], 12]]), [10], 'two fast clocks do not outrun ours');
});

test('by the caller: every tick up to its time takes place', () => {
  assert.deepEqual(
    ticksOf('caller', 3, [
      [9, [0]],
      [40, [0]],
    ]),
    [10, 20, 30, 40],
  );
});
