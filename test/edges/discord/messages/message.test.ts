import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { APIEmbed } from 'discord.js';
import fc from 'fast-check';
import type { Message } from '../../../../src/edges/delivery/index.js';
import { embedOf } from '../../../../src/edges/discord/messages/embed.js';
import {
  marksOf,
  renderEdit,
  renderMessage,
  renderReduced,
  type Form,
} from '../../../../src/edges/discord/messages/message.js';
import { singlesOf, type IncidentEvent } from '../../../../src/core/incidents/index.js';
import { messageLimit } from '../../../../src/core/report/index.js';
import { anyCombined, anyEvent, northKoreaDown, utc } from '../../../core/report/events.js';
import { combinedEvents } from '../../../support/delivery/incident-event.js';
import { times } from '../../../support/long.js';

type Alert = Extract<Message, { kind: 'alert' }>;

const channelId = '200000000000000001';
/** Snowflakes have 19 digits until 2090. */
const roleId = '1234567890123456789';
const chart = { png: new Uint8Array([1, 2, 3]), altText: 'Line chart' };
const whole: Form = { embed: true, chart, reply: true };
const alert = (event: IncidentEvent, changes: Partial<Alert> = {}): Alert => ({
  kind: 'alert',
  event,
  part: 'start',
  roleId: null,
  replyTo: null,
  silent: false,
  revision: 0,
  end: null,
  ...changes,
});

const back: IncidentEvent = {
  ...northKoreaDown,
  id: 'KP-ipv4-1419264900000/4',
  kind: 'restored',
  level: 'normal',
  until: utc('2014-12-23 01:46'),
  at: utc('2014-12-23 01:56'),
  visible: 4,
  share: 1,
  prefixes: 4,
  unstable: false,
  reason: '0.99 for 600 s',
};

/** The night of 22 December 2014, as a channel with a role reads it. */
const story: [string, () => unknown][] = [
  ['start', () => renderMessage(alert(northKoreaDown, { roleId }), channelId, whole)],
  [
    'update',
    () =>
      renderMessage(
        alert(
          {
            ...northKoreaDown,
            id: 'KP-ipv4-1419264900000/2',
            kind: 'follow-up',
            hard: true,
            at: utc('2014-12-22 18:15'),
          },
          { part: 'update', roleId, replyTo: '77' },
        ),
        channelId,
        whole,
      ),
  ],
  [
    'restored, quietly',
    () => renderMessage(alert(back, { part: 'recovery', roleId, replyTo: '77', silent: true }), channelId, whole),
  ],
  ['the first message turns green', () => renderEdit(alert(northKoreaDown, { roleId, revision: 1, end: back }), whole)],
  [
    'late',
    () =>
      renderMessage(
        { kind: 'backlog', events: [northKoreaDown], roleId, replyTo: '77', at: utc('2014-12-23 00:30') },
        channelId,
        { ...whole, chart: null },
      ),
  ],
  [
    'to the operator',
    () =>
      renderMessage(
        {
          kind: 'notice',
          id: 'identify-1419264900000',
          text: 'The gateway refuses us: more than 20 sessions in an hour.',
        },
        channelId,
        { ...whole, chart: null },
      ),
  ],
];

test('the messages of a whole night, as they go to Discord', () => {
  const golden = new URL('../north-korea-2014.json', import.meta.url);
  const told = story.map(([name, render]) => [name, render()]);
  const text = JSON.stringify(
    Object.fromEntries(told),
    (key, value: unknown) => (key === 'data' ? '(picture)' : value),
    2,
  );
  assert.equal(`${text}\n`, readFileSync(golden, 'utf8'));
});

const labelled = fc
  .tuple(anyEvent, fc.oneof(fc.string({ minLength: 40, maxLength: 40 }), fc.stringMatching(/^[A-Za-z*_]{40}$/)))
  .map(([event, label]): IncidentEvent => ({ ...event, country: 'GROUP', label }));

test('no content exceeds 280 characters, with flag, role and the longest names and numbers', () => {
  fc.assert(
    fc.property(fc.oneof(anyEvent, labelled, anyCombined), (event) => {
      for (const message of [
        alert(event, { roleId }),
        {
          kind: 'backlog',
          events: singlesOf(event).length > 1 ? singlesOf(event) : [event, event],
          roleId,
          replyTo: null,
          at: event.at,
        } as const,
      ]) {
        const { content } = renderMessage(message, channelId, whole).body;
        assert.ok(content!.length <= messageLimit, `${content!.length}: ${content}`);
        assert.ok(content!.startsWith(`<@&${roleId}> `));
      }
    }),
    { numRuns: times(400, 4_000), seed: 20141222 },
  );
});

/** Discord's documentation, Embed Limits. */
function assertLimits(embed: APIEmbed): void {
  const fields = embed.fields ?? [];
  const sum = [
    embed.title,
    embed.description,
    embed.footer?.text,
    ...fields.flatMap(({ name, value }) => [name, value]),
  ].join('').length;
  assert.ok(
    (embed.title ?? '').length <= 256 &&
      (embed.description ?? '').length <= 4096 &&
      (embed.footer?.text ?? '').length <= 2048,
  );
  assert.ok(
    fields.length <= 25 &&
      fields.every(({ name, value }) => name.length <= 256 && value.length <= 1024 && name !== '' && value !== ''),
  );
  assert.ok(sum <= 6000, String(sum));
}

test('no embed exceeds the limits of Discord, whatever the event and however many are late', () => {
  const reason = fc.oneof(fc.string({ maxLength: 3000 }), fc.stringMatching(/^[*_~]{900,1100}$/));
  fc.assert(
    fc.property(fc.oneof(anyEvent, labelled, anyCombined), reason, fc.constantFrom(1, 30, 120), (event, why, count) => {
      const odd = { ...event, reason: why };
      for (const message of [alert(odd), alert(odd, { end: { ...odd, kind: 'restored' } })])
        assertLimits(renderMessage(message, channelId, whole).body.embeds![0]);
      const events = Array.from({ length: count }, () => odd);
      assertLimits(
        renderMessage({ kind: 'backlog', events, roleId: null, replyTo: null, at: event.at }, channelId, whole).body
          .embeds![0],
      );
    }),
    { numRuns: 100, seed: 20141222 },
  );
});

test('fields that exceed the limit of the whole embed are left out, the last first', () => {
  const fields = Array.from(
    { length: 30 },
    (_, n) => ({ kind: 'text', name: `Field ${n}`, value: 'x'.repeat(1000), inline: true }) as const,
  );
  const embed = embedOf({ title: 't', colour: 1, fields, links: [], footer: 'f' });
  assertLimits(embed);
  assert.deepEqual(
    embed.fields!.map(({ name }) => name),
    [0, 1, 2, 3, 4].map((n) => `Field ${n}`),
  );
  assert.equal(
    embedOf({
      title: 't',
      colour: 1,
      fields: fields.map((field) => ({ ...field, value: 'x' })),
      links: [],
      footer: 'f',
    }).fields!.length,
    25,
  );
});

test('late incidents that do not fit are counted', () => {
  const events = Array.from({ length: 100 }, () => northKoreaDown);
  const { description } = renderMessage(
    { kind: 'backlog', events, roleId: null, replyTo: null, at: northKoreaDown.at },
    channelId,
    whole,
  ).body.embeds![0];
  const lines = description!.split('\n');
  assert.match(lines.at(-1)!, /^and \d+ more$/);
  assert.equal(lines.length - 1 + Number(/\d+/.exec(lines.at(-1)!)![0]), 100);
});

describe('markup', () => {
  test('in a name is shown, not rendered, and a mention in it pings no user', () => {
    const event = { ...northKoreaDown, country: 'X', label: '**Gaza_** <@&1> @everyone' };
    const { body } = renderMessage(alert(event), channelId, whole);
    assert.match(body.content!, /^\\\*\\\*Gaza\\_\\\*\\\* \\<@&1> @everyone's Internet went down/);
    assert.deepEqual(body.allowed_mentions, { parse: [] });
    assert.match(body.embeds![0].title!, /^\\\*\\\*Gaza\\_/);
  });

  test('in a reason, and at the start of a line, too', () => {
    const why = (reason: string): string =>
      renderMessage(alert({ ...northKoreaDown, reason }), channelId, whole).body.embeds![0].fields!.at(-1)!.value;
    assert.equal(why('share 0.0 <= 0.15 and `prefixes` 0'), 'share 0.0 <= 0.15 and \\`prefixes\\` 0');
    assert.equal(why('# one\n- two\n3. three\n> four [a](b)'), '\\# one\n\\- two\n3\\. three\n\\> four \\[a\\](b)');
    assert.equal(why('see https://example.net/a_b_c'), 'see https://example.net/a_b_c');
  });

  test('a cut never leaves half an escape', () => {
    const value = renderMessage(
      alert({ ...northKoreaDown, reason: '*'.repeat(1000) }),
      channelId,
      whole,
    ).body.embeds![0].fields!.at(-1)!.value;
    assert.match(value, /^(\\\*)+…$/);
  });
});

describe('the role', () => {
  const mentioned = (part: Alert['part'], changes: Partial<Alert> = {}): unknown =>
    renderMessage(alert(northKoreaDown, { part, roleId, ...changes }), channelId, whole).body.allowed_mentions;
  test('is pinged at a start and an escalation, and not otherwise', () => {
    for (const part of ['start', 'escalation'] as const)
      assert.deepEqual(mentioned(part), { parse: [], roles: [roleId] });
    for (const part of ['update', 'recovery'] as const) assert.deepEqual(mentioned(part), { parse: [] });
  });
  test('is never pinged by an edit', () => {
    for (const end of [null, back])
      assert.deepEqual(renderEdit(alert(northKoreaDown, { roleId, end, revision: 1 }), whole)?.body.allowed_mentions, {
        parse: [],
      });
  });
});

describe('the nonce', () => {
  const nonce = (message: Message, channel = channelId): unknown => renderMessage(message, channel, whole).body.nonce;
  const start = alert(northKoreaDown);
  test('is the same each time, whatever the form, and fits', () => {
    assert.equal(nonce(start), renderReduced(start, channelId).nonce);
    assert.equal(nonce(start), renderMessage(start, channelId, { embed: false, chart: null, reply: false }).body.nonce);
    assert.match(String(nonce(start)), /^[0-9a-z]{25}$/);
    assert.equal(renderMessage(start, channelId, whole).body.enforce_nonce, true);
  });
  test('differs by event, channel, revision and kind', () => {
    const messages: [Message, string?][] = [
      [start],
      [start, '2'],
      [alert(northKoreaDown, { revision: 1 })],
      [alert(back)],
      [{ kind: 'backlog', events: [northKoreaDown, back], roleId: null, replyTo: null, at: 1 }],
      [{ kind: 'notice', id: northKoreaDown.id, text: '' }],
    ];
    assert.equal(new Set(messages.map(([message, channel]) => nonce(message, channel))).size, messages.length);
  });
});

test('a message is recognised by how its footer begins', () => {
  const messages: Message[] = [
    alert(northKoreaDown),
    { kind: 'backlog', events: [northKoreaDown, back], roleId: null, replyTo: null, at: 1 },
    { kind: 'notice', id: 'n-1', text: 'x' },
  ];
  for (const message of messages) {
    const footer = renderMessage(message, channelId, whole).body.embeds![0].footer!.text;
    const others = messages.filter((other) => other !== message);
    assert.ok(marksOf(message).some((mark) => footer.startsWith(mark)));
    assert.ok(others.every((other) => marksOf(other).every((mark) => !footer.startsWith(mark))));
  }
});

test('a late message of several countries is also recognised by the footer of their alert', () => {
  const [combined] = combinedEvents([{ country: 'SY' }, { country: 'LB' }]).slice(-1);
  const late: Message = { kind: 'backlog', events: singlesOf(combined), roleId: null, replyTo: null, at: combined.at };
  const { text } = renderMessage(alert(combined), channelId, whole).body.embeds![0].footer!;
  assert.ok(marksOf(late).some((mark) => text.startsWith(mark)));
  const more: Message = { ...late, events: [...late.events, northKoreaDown] };
  assert.ok(
    marksOf(more).every((mark) => !text.startsWith(mark)),
    'with others it is another message',
  );
});

describe('a reduced message', () => {
  const start = alert(northKoreaDown, { replyTo: '77' });
  test('without a chart there is no attachment, without an embed no chart', () => {
    const plain = renderMessage(start, channelId, { ...whole, chart: null });
    assert.deepEqual([plain.files, plain.body.attachments, plain.body.embeds![0].image], [[], undefined, undefined]);
    const bare = renderMessage(start, channelId, { ...whole, embed: false });
    assert.deepEqual([bare.files, bare.body.attachments, bare.body.embeds], [[], undefined, undefined]);
    assert.ok(bare.body.content!.length > 0);
  });
  test('an edit without a chart removes the old chart, which shows another state', () => {
    assert.deepEqual(
      renderEdit(alert(northKoreaDown, { revision: 1 }), { ...whole, chart: null })?.body.attachments,
      [],
    );
  });
  test('a message of only the sentence is not edited at the end', () => {
    assert.equal(renderEdit(alert(northKoreaDown, { end: back }), { embed: false, chart: null }), null);
  });
  test('the text alone has no link', () => {
    assert.equal(
      renderReduced({ kind: 'notice', id: 'n', text: 'Look at https://example.net/x now.' }, channelId).content,
      'Look at now.',
    );
  });
});
