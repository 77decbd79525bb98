import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDelivery, createTerminalSend, isTold, type Send, type SendResult } from '../../src/delivery/index.js';
import type { IncidentEvent } from '../../src/incidents/index.js';
import { createLogger } from '../../src/observability/index.js';
import { FakeClock } from '../support/fake-clock.js';
import { incidentEvent, incidentEvents } from '../support/incident-event.js';
import { MemoryOutbox } from '../support/memory-outbox.js';

const target = 'discord:1';
const sent: SendResult = { kind: 'sent', messageId: '1' };

/** A delivery on a clock that stands still, whose target answers as told and takes everything once the answers are used up. */
function setUp(outbox: MemoryOutbox, answers: (SendResult | Error)[] = []) {
  const clock = new FakeClock();
  const told: string[] = [];
  const attempts: { result: string; ageMs: number }[] = [];
  const lines: { level: number; msg: string }[] = [];
  const stop = new AbortController();
  const send: Send = (event) => {
    const answer = answers.shift() ?? sent;
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer.kind === 'sent') told.push(event.id);
    return Promise.resolve(answer);
  };
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as { level: number; msg: string }) };
  const delivery = createDelivery({
    outbox,
    target,
    send,
    clock,
    random: () => 1,
    logger: createLogger({ level: 'info', pretty: false, secrets: [], destination }),
    onAttempt: (result, ageMs) => attempts.push({ result, ageMs }),
  });
  const running = delivery.run(stop.signal);
  return {
    clock,
    delivery,
    told,
    attempts,
    lines,
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

/** A target that has been told everything there is. */
function knownTarget(): MemoryOutbox {
  const outbox = new MemoryOutbox();
  outbox.cursors.set(target, 0);
  return outbox;
}

const ids = (events: readonly IncidentEvent[]): string[] => events.map((event) => event.id);
const pollMs = 3_000;

test('what is told', () => {
  const stories: [Partial<IncidentEvent>, boolean][] = [
    [{ kind: 'opened', level: 'down', worst: 'down' }, true],
    [{ kind: 'opened', level: 'degraded', worst: 'degraded' }, false],
    [{ kind: 'escalated', level: 'major', worst: 'major' }, true],
    [{ kind: 'follow-up', level: 'major', worst: 'down' }, true],
    [{ kind: 'partially-restored', level: 'degraded', worst: 'major' }, true],
    [{ kind: 'down-again', level: 'degraded', worst: 'down' }, true],
    [{ kind: 'restored', level: 'normal', worst: 'down' }, true],
    [{ kind: 'restored', level: 'normal', worst: 'degraded' }, false],
    [{ kind: 'new-normal', level: 'normal', worst: 'major' }, true],
    [{ kind: 'unstable', incident: null, level: 'down', worst: 'down' }, false],
    [{ kind: 'notice', incident: null, country: null, level: 'normal', worst: 'normal' }, false],
  ];
  for (const [event, told] of stories) assert.equal(isTold(incidentEvent(event)), told, JSON.stringify(event));
});

describe('a target', () => {
  test('seen for the first time is told what comes from then on', async () => {
    const outbox = new MemoryOutbox();
    outbox.append(...incidentEvents(3));
    const { clock, delivery, told, end } = setUp(outbox);
    await clock.waiting(pollMs);
    outbox.append(...incidentEvents(2, 4));
    delivery.wake();
    await clock.waiting(pollMs);
    assert.deepEqual(told, ids(incidentEvents(2, 4)));
    await end();
  });

  test('seen for the first time before anything happened misses nothing after a restart', async () => {
    const outbox = new MemoryOutbox();
    const first = setUp(outbox);
    await first.clock.waiting(pollMs);
    await first.end();
    outbox.append(...incidentEvents(2));
    const second = setUp(outbox);
    await second.clock.waiting(pollMs);
    assert.deepEqual(second.told, ids(incidentEvents(2)));
    await second.end();
  });

  test('known from before goes on where it was, through more events than one reading holds', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(250));
    outbox.cursors.set(target, 7);
    const { clock, told, end } = setUp(outbox);
    await clock.waiting(pollMs);
    assert.deepEqual(told, ids(incidentEvents(243, 8)));
    await end();
  });

  test('is not told what is not for it, and that does not come up again', async () => {
    const outbox = knownTarget();
    const quiet = incidentEvent({ id: 'KP-ipv4-unstable-1', incident: null, kind: 'unstable' });
    outbox.append(quiet, ...incidentEvents(1), quiet, quiet);
    const { clock, told, end } = setUp(outbox);
    await clock.waiting(pollMs);
    assert.deepEqual(told, ids(incidentEvents(1)));
    assert.equal(outbox.cursors.get(target), 4);
    await end();
  });

  test('hears of what another process wrote at the next poll', async () => {
    const outbox = knownTarget();
    const { clock, told, end } = setUp(outbox);
    await clock.waiting(pollMs);
    outbox.append(...incidentEvents(1));
    assert.deepEqual(told, []);
    await clock.advance(pollMs);
    assert.deepEqual(told, ids(incidentEvents(1)));
    await end();
  });
});

test('an event committed between the last look at the log and going to rest is not left for the poll', async () => {
  const outbox = knownTarget();
  const { clock, delivery, told, end } = setUp(outbox);
  await clock.waiting(pollMs);
  const read = outbox.readAfter.bind(outbox);
  outbox.readAfter = async (position, limit) => {
    outbox.readAfter = read;
    const nothing = await read(position, limit);
    outbox.append(...incidentEvents(1));
    delivery.wake();
    return nothing;
  };
  await clock.advance(pollMs);
  await clock.waiting(pollMs);
  assert.deepEqual(told, ids(incidentEvents(1)));
  await end();
});

describe('a target that is away', () => {
  const away: SendResult = { kind: 'retry', afterMs: null, reason: 'no answer' };

  test('is tried again after 1, 2, 4 .. 60 s for as long as it takes; then every event arrives once and in order', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(3));
    const { clock, delivery, told, attempts, end } = setUp(outbox, Array.from({ length: 200 }, () => away));
    for (const seconds of [1, 2, 4, 8, 16, 32, ...Array.from({ length: 194 }, () => 60)]) {
      await clock.waiting(seconds * 1000);
      assert.match(delivery.trouble() ?? '', /^discord:1: no answer$/);
      assert.equal(outbox.cursors.get(target), 0);
      await clock.advance(seconds * 1000);
    }
    await clock.waiting(pollMs);
    assert.deepEqual(told, ids(incidentEvents(3)));
    assert.equal(delivery.trouble(), null);
    assert.equal(attempts.filter(({ result }) => result === 'retry').length, 200);
    assert.equal(attempts.at(-1)?.ageMs, clock.now() - incidentEvent().at);
    await end();
  });

  test('that only paces us is no trouble', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(1));
    const { clock, delivery, lines, end } = setUp(outbox, [{ kind: 'retry', afterMs: 900, reason: 'rate limited' }]);
    await clock.waiting(900);
    assert.equal(delivery.trouble(), null);
    assert.deepEqual(lines, []);
    await end();
  });

  test('is given the time it asks for', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(1));
    const { clock, delivery, told, end } = setUp(outbox, [{ kind: 'retry', afterMs: 12_345, reason: 'rate limited' }]);
    await clock.waiting(12_345);
    assert.match(delivery.trouble() ?? '', /rate limited/);
    await clock.advance(12_344);
    assert.deepEqual(told, []);
    await clock.advance(1);
    assert.deepEqual(told, ids(incidentEvents(1)));
    await end();
  });

  test('by a bug of ours loses nothing either', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(2));
    const { clock, told, lines, end } = setUp(outbox, [new Error('undefined is not a function')]);
    await clock.waiting(1000);
    await clock.advance(1000);
    await clock.waiting(pollMs);
    assert.deepEqual(told, ids(incidentEvents(2)));
    assert.ok(lines.some(({ level }) => level === 50));
    await end();
  });

  test('for good is said loudly and asked again after 5 min, 30 min, 2 h, then daily; nothing is dropped', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(2));
    const { clock, told, lines, end } = setUp(outbox, Array.from({ length: 5 }, () => ({ kind: 'gone', reason: 'deleted' }) as const));
    for (const minutes of [5, 30, 120, 1440, 1440]) {
      await clock.waiting(minutes * 60_000);
      await clock.advance(minutes * 60_000);
    }
    await clock.waiting(pollMs);
    assert.deepEqual(told, ids(incidentEvents(2)));
    assert.equal(lines.filter(({ level, msg }) => level === 50 && msg.includes('deleted')).length, 5);
    await end();
  });
});

describe('a store that is away', () => {
  test('delays, and what was told before is not told again', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(2));
    const { clock, delivery, told, end } = setUp(outbox, [{ kind: 'retry', afterMs: 10, reason: '' }]);
    await clock.waiting(10);
    outbox.away = true;
    await clock.advance(10);
    await clock.waiting(1000);
    assert.deepEqual(told, ids(incidentEvents(1)));
    assert.match(delivery.trouble() ?? '', /the store is away/);
    outbox.away = false;
    await clock.advance(1000);
    await clock.waiting(pollMs);
    assert.deepEqual(told, ids(incidentEvents(2)));
    assert.equal(delivery.trouble(), null);
    await end();
  });

  test('from the start on is waited for, and says so', async () => {
    const outbox = knownTarget();
    outbox.away = true;
    const { clock, delivery, told, end } = setUp(outbox);
    await clock.waiting(1000);
    assert.match(delivery.trouble() ?? '', /the store is away/);
    outbox.away = false;
    await clock.advance(1000);
    await clock.waiting(pollMs);
    assert.equal(delivery.trouble(), null);
    outbox.append(...incidentEvents(1));
    await clock.advance(pollMs);
    assert.deepEqual(told, ids(incidentEvents(1)));
    await end();
  });
});

describe('a stop', () => {
  for (const [when, waitMs, answers] of [
    ['while nothing is to be told', pollMs, []],
    ['while waiting to try again', 1000, [{ kind: 'retry', afterMs: null, reason: '' }]],
    ['while a channel is closed to us', 300_000, [{ kind: 'gone', reason: '' }]],
  ] as [string, number, SendResult[]][]) {
    test(`${when} is at once`, async () => {
      const outbox = knownTarget();
      if (answers.length > 0) outbox.append(...incidentEvents(1));
      const { clock, end } = setUp(outbox, answers);
      await clock.waiting(waitMs);
      await end();
      assert.deepEqual(clock.pending, []);
    });
  }

  test('while a message is being taken still notes that it was', async () => {
    const outbox = knownTarget();
    outbox.append(...incidentEvents(2));
    const stop = new AbortController();
    const send: Send = () => {
      stop.abort();
      return Promise.resolve(sent);
    };
    const logger = createLogger({ level: 'silent', pretty: false, secrets: [] });
    await createDelivery({ outbox, target, send, clock: new FakeClock(), random: () => 1, logger, onAttempt: () => undefined }).run(stop.signal);
    assert.equal(outbox.cursors.get(target), 1);
  });
});

test('the terminal gets a line an event', async () => {
  const lines: string[] = [];
  const result = await createTerminalSend((line) => lines.push(line))(incidentEvent(), new AbortController().signal);
  assert.equal(result.kind, 'sent');
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^2014-12-22 16:17 UTC 🇰🇵 North Korea's national Internet went down at 16:15 UTC: all 4 routes withdrawn\.$/);
});
