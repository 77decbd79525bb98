/** What a channel hears of an event, by its subscription and by what it was told before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compose, toldAs } from '../../../src/edges/delivery/plan/compose.js';
import {
  newSubscription,
  planOf,
  type Owed,
  type Plan,
  type Subscription,
  type ToldRecord,
} from '../../../src/edges/delivery/index.js';
import { concerns } from '../../../src/edges/delivery/plan/plan.js';
import type { IncidentEvent } from '../../../src/core/incidents/index.js';
import { combinedEvents, incidentEvent } from '../../support/delivery/incident-event.js';

const now = Date.UTC(2026, 2, 2, 8);
const channelId = '200000000000000001';
const plain = newSubscription({ channelId, guildId: '1', since: 0, createdAt: now, roleId: '5' });
const told = (severity: ToldRecord['severity'], over = false): ToldRecord => ({
  channelId,
  incident: incidentEvent().incident!,
  firstMessageId: '900',
  position: 1,
  severity,
  at: now,
  over,
});

/** "start @role", "update re 900", "recovery re 900 silent", "end", or the reason why it is skipped. */
function inWords(plan: Plan): string {
  if (plan.kind === 'skip') return plan.reason;
  if (plan.kind === 'end') return 'end';
  return [
    plan.part,
    plan.roleId === null ? '' : '@role',
    plan.replyTo === null ? '' : `re ${plan.replyTo}`,
    plan.silent ? 'silent' : '',
  ]
    .filter((word) => word !== '')
    .join(' ');
}

const degraded = { level: 'degraded', worst: 'degraded' } as const;
const major = { level: 'major', worst: 'major' } as const;
const over = { kind: 'restored', level: 'normal' } as const;

type Story = [
  name: string,
  event: Partial<IncidentEvent>,
  subscription: Partial<Subscription>,
  told: ToldRecord | null,
  expected: string,
];

const stories: Record<string, Story[]> = {
  'by severity': [
    ['major and down are told unless said otherwise', major, {}, null, 'start @role'],
    ['degraded is not', degraded, {}, null, 'not-concerned'],
    ['degraded where it is wanted', degraded, { minSeverity: 'degraded' }, null, 'start @role'],
    ['down only', major, { minSeverity: 'down' }, null, 'not-concerned'],
    ['first told at an escalation, it is a start', { kind: 'escalated', ...major }, {}, null, 'start @role'],
    ['told before, it is an escalation', { kind: 'escalated' }, {}, told('major'), 'escalation @role re 900'],
    [
      "a country's own threshold stands above the subscription's",
      degraded,
      { countries: { KP: 'degraded' } },
      null,
      'start @role',
    ],
    ['on either side', major, { countries: { KP: 'down' } }, null, 'not-concerned'],
    ["another country's does not matter", degraded, { countries: { SY: 'degraded' } }, null, 'not-concerned'],
    ['a list tells of its own countries', {}, { scope: 'listed', countries: { KP: 'major' } }, null, 'start @role'],
    ['and of no other', {}, { scope: 'listed', countries: { SY: 'major' } }, null, 'not-concerned'],
    [
      'part of what was worse, but is no longer',
      { kind: 'follow-up', level: 'degraded', worst: 'down' },
      {},
      null,
      'below-threshold',
    ],
  ],
  'what goes on': [
    ['a follow-up', { kind: 'follow-up' }, {}, told('down'), 'update re 900'],
    ['a follow-up to who heard nothing yet is a start', { kind: 'follow-up' }, {}, null, 'start @role'],
    ['a relapse', { kind: 'down-again' }, {}, told('down'), 'update re 900'],
    ['a relapse after the end is a start again', { kind: 'down-again' }, {}, told('down', true), 'start @role re 900'],
    ['partly back', { kind: 'partially-restored', level: 'major' }, {}, told('down'), 'update re 900'],
    ['partly back from what was never told', { kind: 'partially-restored', level: 'major' }, {}, null, 'never-told'],
    [
      'unstable, where it is wanted',
      { kind: 'unstable', incident: null, level: 'normal', worst: 'normal' },
      { minSeverity: 'unstable' },
      null,
      'update',
    ],
    [
      'unstable, where it is not',
      { kind: 'unstable', incident: null, level: 'down', worst: 'down' },
      { minSeverity: 'degraded' },
      null,
      'not-concerned',
    ],
  ],
  'the end': [
    ['to who was told', over, {}, told('down'), 'recovery re 900'],
    ['to nobody else', over, {}, null, 'never-told'],
    ['once', over, {}, told('down', true), 'never-told'],
    ['quietly', over, { quietRecovery: true }, told('down'), 'recovery re 900 silent'],
    ['a new normal is one', { kind: 'new-normal', level: 'normal' }, {}, told('major'), 'recovery re 900'],
  ],
  'update modes': [
    ['start+end: no follow-ups', { kind: 'follow-up' }, { updates: 'start+end' }, told('down'), 'no-updates-wanted'],
    [
      'start+end: what gets worse',
      { kind: 'escalated' },
      { updates: 'start+end' },
      told('major'),
      'escalation @role re 900',
    ],
    ['start+end: the end', over, { updates: 'start+end' }, told('down'), 'recovery re 900'],
    ['start: no end, but it is known to be over', over, { updates: 'start' }, told('down'), 'end'],
    ['start: what gets worse', { kind: 'escalated' }, { updates: 'start' }, told('major'), 'escalation @role re 900'],
    [
      'start: a relapse after the end',
      { kind: 'down-again' },
      { updates: 'start' },
      told('down', true),
      'start @role re 900',
    ],
    [
      'start: no part of the way back',
      { kind: 'partially-restored', level: 'major' },
      { updates: 'start' },
      told('down'),
      'no-updates-wanted',
    ],
  ],
  silenced: [
    ['a country that is muted', {}, { mutes: { KP: now + 1 } }, null, 'not-concerned'],
    ['until it is no longer', {}, { mutes: { KP: now } }, null, 'start @role'],
    ['another country', {}, { mutes: { SY: now + 1 } }, null, 'start @role'],
    ['a channel that is gone', {}, { standing: { kind: 'gone', at: now, reason: 'deleted' } }, null, 'not-concerned'],
    ["a notice is the operator's", { kind: 'notice', country: null, incident: null }, {}, null, 'not-concerned'],
  ],
};

for (const [name, table] of Object.entries(stories)) {
  test(`what a channel hears: ${name}`, () => {
    for (const [story, event, subscription, before, expected] of table) {
      assert.equal(inWords(planOf(incidentEvent(event), { ...plain, ...subscription }, before, now)), expected, story);
    }
  });
}

test('several countries at once: a channel gets one message of those that it watches and was told of', () => {
  const [syria, lebanon, jordan, combined] = combinedEvents([
    { country: 'SY', baseline: 90 },
    { country: 'LB', baseline: 80, kind: 'escalated' },
    { country: 'JO', baseline: 70, ...degraded },
  ]);
  const of = ({ incident }: IncidentEvent, severity: ToldRecord['severity'], firstMessageId = '900'): ToldRecord => ({
    ...told(severity),
    incident: incident!,
    firstMessageId,
  });
  const cases: [string, Partial<Subscription>, ToldRecord[], expected: string | null][] = [
    ['all of them from its threshold on', {}, [], 'start @role: SY LB, then JO; told SY down x LB down x'],
    [
      'those that it watches come first',
      { scope: 'listed', countries: { JO: 'degraded', LB: 'major' } },
      [],
      'start @role: LB JO, then SY; told LB down x JO degraded x',
    ],
    ['but for one that is muted', { mutes: { SY: now + 1 } }, [], 'start @role: LB, then SY JO; told LB down x'],
    ['none that concern it', { scope: 'listed', countries: { KP: 'degraded', JO: 'major' } }, [], null],
    [
      'one that is known gets worse',
      {},
      [of(lebanon, 'major')],
      'start @role: SY LB, then JO; told SY down x LB down 900',
    ],
    [
      'all that concern it are known and get worse',
      { scope: 'listed', countries: { LB: 'major' } },
      [of(lebanon, 'major')],
      'escalation @role re 900: LB, then SY JO; told LB down 900',
    ],
    [
      'nothing new',
      { scope: 'listed', countries: { LB: 'major' } },
      [of(lebanon, 'down')],
      'update re 900: LB, then SY JO; told LB down 900',
    ],
    [
      'nothing new, and no updates wanted',
      { scope: 'listed', countries: { LB: 'major' }, updates: 'start' },
      [of(lebanon, 'down')],
      null,
    ],
    [
      'two that were over, told in two messages',
      { scope: 'listed', countries: { LB: 'major', SY: 'major' } },
      [
        { ...of(lebanon, 'down'), over: true },
        { ...of(syria, 'down', '901'), over: true },
      ],
      'start @role: SY LB, then JO; told SY down x LB down x',
    ],
  ];
  for (const [name, subscription, before, expected] of cases) {
    const whole = { ...plain, ...subscription };
    const owed: Owed = { channelId, position: 4, positions: [4], priority: 0, owedAt: combined.at };
    const composed = compose(owed, [{ event: combined, position: 4 }], whole, before, combined.at);
    const { message } = composed;
    const nameOf = (incident: string | null): string =>
      [syria, lebanon, jordan].find((single) => single.incident === incident)!.country!;
    const text =
      message === null
        ? null
        : (() => {
            const after = toldAs(composed, 'x', now);
            assert.ok(message.kind === 'alert');
            assert.ok(
              after.every(({ firstMessageId, position }) => position === (firstMessageId === 'x' ? null : 1)),
              `${name}: no single country's to edit`,
            );
            const names = message.event.countries.map(({ country }) => country);
            const { part, roleId, replyTo } = message;
            const heard = names.slice(0, after.length).join(' ');
            const rest = names.slice(after.length).join(' ');
            return (
              `${part}${roleId === null ? '' : ' @role'}${replyTo === null ? '' : ` re ${replyTo}`}: ${heard}, ` +
              `then ${rest}; told ` +
              after.map((one) => `${nameOf(one.incident)} ${one.severity} ${one.firstMessageId}`).join(' ')
            );
          })();
    assert.equal(text, expected, name);
    if (text !== null) assert.ok(concerns(combined, whole, now), name);
    for (const single of [syria, lebanon, jordan]) assert.ok(!concerns(single, whole, now), `${name}: never by itself`);
  }
});
