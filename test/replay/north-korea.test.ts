/** The demo's stream through the whole core, word by word. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { demoRibs, demoTimes, demoUpdates } from '../../src/app/demo/stream.js';
import { runReplay } from '../../src/app/replay/replay-run.js';
import { PeerIndex } from '../../src/core/bgp/index.js';
import type { IncidentEvent } from '../../src/core/incidents/index.js';
import { renderJsonLine, renderText, renderTranscriptLine } from '../../src/core/report/index.js';
import { registryMap } from '../support/replay/replay-command.js';
import { shippedRules } from '../support/rules.js';

const events: IncidentEvent[] = [];
const warnings: string[] = [];

before(async () => {
  const peers = new PeerIndex();
  await runReplay({
    peers,
    map: registryMap('KP'),
    groups: [],
    rules: shippedRules(),
    countries: null,
    ribs: demoRibs(peers),
    updates: [demoUpdates(peers)],
    until: demoTimes.end,
    onEvent: (event) => void events.push(event),
    warn: (text) => void warnings.push(text),
  });
});

test('the transcript', () => {
  const transcript = readFileSync(new URL('north-korea-2014.txt', import.meta.url), 'utf8');
  assert.deepEqual(events.map(renderTranscriptLine), transcript.split('\n').slice(0, -1));
  assert.deepEqual(warnings, []);
});

test('the three sentences', () => {
  const texts = events.map((event) => renderText(event));
  for (const sentence of [
    "After 24 hrs of increasing instability, North Korea's national Internet went down at 16:15 UTC: all 4 " +
      'routes withdrawn.',
    "North Korea's national Internet has been down hard for more than 2 hrs.",
    "North Korea's Internet is back after a 9 hr 31 min outage (16:15-01:46 UTC).",
  ])
    assert.equal(texts.filter((text) => text === sentence).length, 1, sentence);
});

test('as lines of JSON: these keys in this order, and of these types', () => {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  const isTime = (value: unknown): boolean => typeof value === 'string' && time.test(value);
  const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const kinds = [
    'opened',
    'escalated',
    'follow-up',
    'partially-restored',
    'down-again',
    'restored',
    'new-normal',
    'unstable',
    'notice',
  ];
  const shape: Readonly<Record<string, (value: unknown, line: Readonly<Record<string, unknown>>) => boolean>> = {
    id: (value, { incident, country, family, kind }) =>
      incident === null
        ? new RegExp(`^${String(country)}-${String(family)}-${String(kind)}-\\d+$`).test(String(value))
        : String(value).startsWith(`${incident as string}/`),
    incident: (value, { kind }) => (kind === 'unstable' ? value === null : /^KP-ipv4-\d+$/.test(String(value))),
    country: (value) => value === 'KP',
    family: (value) => value === 'ipv4',
    kind: (value) => kinds.includes(String(value)),
    state: (value) => ['normal', 'degraded', 'major', 'down'].includes(String(value)),
    since: isTime,
    onset: (value) => value === null || isTime(value),
    at: isTime,
    visible: isCount,
    baseline: isCount,
    share: (value) =>
      typeof value === 'number' && value >= 0 && value <= 1 && Math.round(value * 10_000) / 10_000 === value,
    unstable: (value) => typeof value === 'boolean',
    text: isText,
  };
  assert.ok(events.length > 0);
  for (const event of events) {
    const text = renderJsonLine(event);
    assert.ok(!text.includes('\n'));
    const line = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(Object.keys(line), Object.keys(shape));
    for (const [key, holds] of Object.entries(shape)) assert.ok(holds(line[key], line), `${key}: ${text}`);
  }
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['unstable', 'opened', 'follow-up', 'follow-up', 'restored'],
  );
});
