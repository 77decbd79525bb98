import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  newSubscription,
  parseSubscription,
  parseSubscriptionFile,
  renderSubscriptionFile,
} from '../../../../src/edges/delivery/index.js';

const noon = Date.UTC(2026, 5, 10, 12);
const some = newSubscription({ channelId: '101', guildId: '7', since: 4, createdAt: noon });
const full = newSubscription({
  channelId: '102',
  guildId: null,
  since: 0,
  createdAt: noon,
  scope: 'listed',
  minSeverity: 'unstable',
  roleId: '5',
  updates: 'start+end',
  countries: { KP: 'down', 'PS-GZ': 'degraded' },
  quietRecovery: true,
  mutes: { SY: noon },
  standing: { kind: 'gone', at: noon, reason: '' },
});

test('a written file is read back', () => {
  const problems: string[] = [];
  const text = renderSubscriptionFile([some, full]);
  assert.match(text, /^\{\n {2}"lightsout": "subscriptions",\n {2}"version": 1,/);
  assert.deepEqual(parseSubscriptionFile(JSON.parse(text), problems), [some, full]);
  assert.deepEqual(parseSubscriptionFile(JSON.parse(renderSubscriptionFile([])), problems), []);
  assert.deepEqual(problems, []);
});

/** A change to a subscription, and the problems that are reported. */
const faults: [change: object, problems: string[]][] = [
  [{ version: 2 }, ['s.version: expected 1, got 2']],
  [{ channelId: 102 }, ['s.channelId: expected an id in digits, as text, got 102']],
  [{ channelId: '' }, ['s.channelId: expected an id in digits, as text, got ""']],
  [{ guildId: undefined }, ['s.guildId: expected an id in digits, as text, or null, got nothing']],
  [{ roleId: '@everyone' }, ['s.roleId: expected an id in digits, as text, or null, got "@everyone"']],
  [{ scope: 'some' }, ['s.scope: expected "all" or "listed", got "some"']],
  [{ minSeverity: null }, ['s.minSeverity: expected "unstable" or "degraded" or "major" or "down", got null']],
  [{ updates: ['all'] }, ['s.updates: expected "all" or "start+end" or "start", got ["all"]']],
  [{ quietRecovery: 0 }, ['s.quietRecovery: expected true or false, got 0']],
  [{ since: -1 }, ['s.since: expected a whole number of 0 or more, got -1']],
  [{ createdAt: 1.5 }, ['s.createdAt: expected a time in Unix milliseconds, got 1.5']],
  [{ countries: ['KP'] }, ['s.countries: expected an object, got ["KP"]']],
  [
    { countries: { KP: 'bad', XX: 'down', kp: 'down' } },
    [
      's.countries.KP: expected "unstable" or "degraded" or "major" or "down", got "bad"',
      's.countries: no country or group has the code "XX"',
      's.countries: no country or group has the code "kp"',
    ],
  ],
  [{ mutes: { SY: '1h' } }, ['s.mutes.SY: expected a time in Unix milliseconds, got "1h"']],
  [{ standing: null }, ['s.standing: expected an object, got null']],
  [{ standing: { kind: 'paused' } }, ['s.standing.kind: expected "active" or "gone", got "paused"']],
  [{ standing: { kind: 'gone', at: noon } }, ['s.standing.reason: expected text, got nothing']],
  [{ standing: { kind: 'active', at: noon } }, ['s.standing.at: no such setting']],
  [{ colour: 'red', scope: 1 }, ['s.colour: no such setting', 's.scope: expected "all" or "listed", got 1']],
  [JSON.parse('{ "__proto__": {} }') as object, ['s.__proto__: no such setting']],
];
for (const [change, expected] of faults) {
  test(`refused: ${JSON.stringify(change)}`, () => {
    const problems: string[] = [];
    const value: unknown = JSON.parse(JSON.stringify({ ...full, ...change }));
    if (Object.hasOwn(change, '__proto__')) Object.defineProperty(value, '__proto__', { value: {}, enumerable: true });
    assert.equal(parseSubscription(value, 's', problems), null);
    assert.deepEqual(problems, expected);
  });
}

const files: [text: string, problems: string[]][] = [
  ['[]', ['expected an object, got []']],
  [
    '{}',
    [
      'lightsout: expected "subscriptions", got nothing',
      'version: expected 1, got nothing',
      'subscriptions: expected a list, got nothing',
    ],
  ],
  [
    '{"lightsout":"subscriptions","version":2,"subscriptions":[],"more":1}',
    ['more: no such setting', 'version: expected 1, got 2'],
  ],
  ['{"lightsout":"subscriptions","version":1,"subscriptions":[7]}', ['subscriptions[0]: expected an object, got 7']],
  [renderSubscriptionFile([some, full, some]), ['subscriptions[2].channelId: "101" stands twice']],
];
for (const [text, expected] of files) {
  test(`no file of subscriptions: ${text.slice(0, 70).replace(/\s+/g, ' ')}`, () => {
    const problems: string[] = [];
    assert.equal(parseSubscriptionFile(JSON.parse(text), problems), null);
    assert.deepEqual(problems, expected);
  });
}
