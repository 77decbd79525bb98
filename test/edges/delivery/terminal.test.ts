import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTerminal, isTold } from '../../../src/edges/delivery/terminal.js';
import type { IncidentEvent } from '../../../src/core/incidents/index.js';
import { createLogger } from '../../../src/edges/observability/index.js';
import { renderLine } from '../../../src/core/report/index.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';
import { combinedEvents, incidentEvent, incidentEvents } from '../../support/delivery/incident-event.js';
import { MemoryDeliveryStore } from '../../support/delivery/memory-delivery-store.js';

const pollMs = 3_000;

function open(store: MemoryDeliveryStore) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const stop = new AbortController();
  const terminal = createTerminal({
    log: store,
    write: (line) => lines.push(line),
    clock,
    random: () => 1,
    logger: createLogger({ level: 'silent', pretty: false, secrets: [] }),
  });
  const running = terminal.run(stop.signal);
  return {
    clock,
    terminal,
    lines,
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

test('what a terminal is told', () => {
  const stories: [Partial<IncidentEvent>, boolean][] = [
    [{ kind: 'opened', level: 'down', worst: 'down' }, true],
    [{ kind: 'opened', level: 'degraded', worst: 'degraded' }, false],
    [{ kind: 'escalated', level: 'major', worst: 'major' }, true],
    [{ kind: 'partially-restored', level: 'degraded', worst: 'major' }, true],
    [{ kind: 'restored', level: 'normal', worst: 'down' }, true],
    [{ kind: 'restored', level: 'normal', worst: 'degraded' }, false],
    [{ kind: 'unstable', incident: null, level: 'down', worst: 'down' }, false],
    [{ kind: 'notice', incident: null, country: null, level: 'normal', worst: 'normal' }, false],
  ];
  for (const [event, told] of stories) assert.equal(isTold(incidentEvent(event)), told, JSON.stringify(event));
  // A terminal names first those countries of a combined event that it is told about, even if others lost more.
  const [one] = combinedEvents([
    ...['US', 'DE', 'FR', 'GB', 'IT', 'ES', 'NL', 'BE', 'AT', 'CH', 'SE', 'NO', 'FI', 'PL', 'CZ', 'PT', 'GR', 'RO'].map(
      (country, n) => ({
        country,
        level: 'degraded' as const,
        worst: 'degraded' as const,
        visible: 7_000 - n,
        baseline: 10_000,
      }),
    ),
    { country: 'SY', visible: 0, baseline: 80 },
  ]).slice(-1);
  assert.match(
    renderLine(one),
    /^2014-12-22 16:17 UTC 19 countries lost much of their Internet at 16:15 UTC: Syria, Romania, Greece, .* others?\./,
  );
  assert.deepEqual(
    combinedEvents([{ country: 'SY' }, { country: 'LB', level: 'degraded', worst: 'degraded' }]).map(isTold),
    [false, false, true],
  );
});

test(
  'a terminal seen for the first time hears what comes from ' + 'then on, a line each, once, across restarts',
  async () => {
    const store = new MemoryDeliveryStore();
    store.append(...incidentEvents(3));
    const first = open(store);
    await first.clock.waiting(pollMs);
    store.append(...incidentEvents(150, 4));
    first.terminal.wake();
    await first.clock.waiting(pollMs);
    assert.equal(first.lines.length, 150);
    assert.match(first.lines[0], /^2014-12-22 16:17 UTC 🇰🇵 North Korea's national Internet went down at 16:15 UTC/);
    await first.end();
    store.append(...incidentEvents(1, 154));
    const second = open(store);
    await second.clock.waiting(pollMs);
    assert.equal(second.lines.length, 1);
    await second.end();
  },
);

test('what another process wrote is told at the next poll', async () => {
  const store = new MemoryDeliveryStore();
  const { clock, lines, end } = open(store);
  await clock.waiting(pollMs);
  store.append(...incidentEvents(1));
  await clock.advance(pollMs);
  assert.equal(lines.length, 1);
  await end();
});

test('an event committed between the last look at the log and going to rest is not left for the poll', async () => {
  const store = new MemoryDeliveryStore();
  const { clock, terminal, lines, end } = open(store);
  await clock.waiting(pollMs);
  store.onAnswer = (name) => {
    if (name !== 'readAfter') return;
    store.onAnswer = () => undefined;
    store.append(...incidentEvents(1));
    terminal.wake();
  };
  await clock.advance(pollMs);
  await clock.waiting(pollMs);
  assert.equal(lines.length, 1);
  await end();
});

test('the store is away: it is said, and nothing is lost', async () => {
  const store = new MemoryDeliveryStore();
  const { clock, terminal, lines, end } = open(store);
  await clock.waiting(pollMs);
  store.append(...incidentEvents(1));
  store.onCall = () => {
    throw new Error('the store is away');
  };
  await clock.advance(pollMs);
  assert.match(terminal.trouble() ?? '', /^terminal: cannot read the event log: .*the store is away/);
  store.onCall = () => undefined;
  await clock.advance(2_000);
  assert.deepEqual([lines.length, terminal.trouble()], [1, null]);
  await end();
});
