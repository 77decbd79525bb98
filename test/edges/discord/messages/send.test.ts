import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ChannelType, MessageFlags } from 'discord.js';
import { systemClock, type Clock } from '../../../../src/edges/clock.js';
import type { FindResult, Message, Send, SendResult } from '../../../../src/edges/delivery/index.js';
import { createDiscordSend, type ChannelAccess, type RequestOutcome } from '../../../../src/edges/discord/index.js';
import type { IncidentEvent } from '../../../../src/core/incidents/index.js';
import { createLogger } from '../../../../src/edges/observability/index.js';
import { channelPermissions } from '../../../support/discord/permissions.js';
import { DiscordServer } from '../../../support/discord/server.js';
import type { Fault } from '../../../support/discord/faults.js';
import type { PermissionName } from '../../../support/discord/world.js';
import { FakeClock } from '../../../support/clocks/fake-clock.js';
import { incidentEvent } from '../../../support/delivery/incident-event.js';

type Alert = Extract<Message, { kind: 'alert' }>;

const channelId = '200000000000000001';
const token = 'good-token';
const never = new AbortController().signal;
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
const altText = 'Line chart, 22 Dec 2014 (UTC): North Korea.';

let discord: DiscordServer;
let lines: string[];
let drawn: [string, number][];
let requests: RequestOutcome[];
const logger = createLogger({
  level: 'info',
  pretty: false,
  secrets: [],
  destination: { write: (line) => void lines.push(line) },
});

describe('the sender', () => {
  beforeEach(async () => {
    [lines, drawn, requests] = [[], [], []];
    discord = new DiscordServer();
    await discord.start();
  });
  afterEach(() => discord.stop());

  /** The permissions that a gateway would know. */
  function accessOf(id: string): ChannelAccess | null {
    const channel = discord.world.channels.get(id);
    if (channel === undefined) return null;
    const kind = channel.type === ChannelType.GuildAnnouncement ? 'announcement' : 'text';
    return {
      channelId: id,
      name: channel.name,
      guildId: channel.guildId,
      kind,
      permissions: channelPermissions(discord.world, channel, discord.world.bot.id),
    };
  }

  function sender({
    known = true,
    clock = systemClock,
    name = token,
  }: { known?: boolean; clock?: Clock; name?: string } = {}): Send {
    return createDiscordSend({
      token: name,
      apiUrl: discord.apiUrl,
      clock,
      logger,
      lookUpChannel: known ? accessOf : () => null,
      charts: {
        ofEvent: (event, revision) => {
          drawn.push([event.id, revision]);
          return Promise.resolve({ png, altText });
        },
        ofCountry: () => Promise.resolve(null),
      },
      onRequest: (outcome) => void requests.push(outcome),
    });
  }

  const alert = (changes: Partial<Alert> = {}, event: IncidentEvent = incidentEvent()): Alert => ({
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
  const restored = incidentEvent({
    id: 'KP-ipv4-1419265020000/2',
    kind: 'restored',
    level: 'normal',
    until: Date.UTC(2014, 11, 23, 1, 46),
    at: Date.UTC(2014, 11, 23, 1, 56),
  });
  const notice: Message = { kind: 'notice', id: 'n-1', text: 'The store is away.' };

  const posts = (): string[] => discord.requests.filter((request) => request.startsWith('POST'));

  function idOf(result: SendResult): string {
    assert.equal(result.kind, 'sent', JSON.stringify(result));
    return result.messageId;
  }

  test(
    'an alert arrives whole: sentence, embed, chart with its alt text; the role is pinged; the answer ' +
      'replies to it',
    async () => {
      const send = sender();
      const role = discord.world.addRole('300000000000000001');
      const first = idOf(await send.post(channelId, alert({ roleId: role.id }), never));
      idOf(
        await send.post(
          channelId,
          alert({ part: 'recovery', silent: true, replyTo: first, roleId: role.id }, restored),
          never,
        ),
      );
      const [start, end] = discord.posted;
      assert.equal(
        start.content,
        `<@&${role.id}> 🇰🇵 North Korea's national Internet went down at 16:15 UTC: all 4 routes withdrawn.`,
      );
      assert.deepEqual(start.allowed_mentions, { parse: [], roles: [role.id] });
      const embed = start.embeds![0];
      assert.deepEqual(
        [embed.title, embed.color, embed.image?.url],
        ['North Korea: down', 0xda373c, 'attachment://chart.png'],
      );
      assert.match(embed.footer!.text, /^KP-ipv4-1419265020000\/1 · /);
      const [file] = start.files;
      assert.deepEqual(
        [file.filename, file.description, file.contentType, new Uint8Array(file.bytes)],
        ['chart.png', altText, 'image/png', png],
      );
      assert.equal(end.message_reference?.message_id, first);
      assert.deepEqual([end.allowed_mentions, end.flags], [{ parse: [] }, MessageFlags.SuppressNotifications]);
      assert.deepEqual(posts().length, 2);
    },
  );

  test('a backlog and a notice arrive, with no chart asked for', async () => {
    const send = sender();
    idOf(
      await send.post(
        channelId,
        { kind: 'backlog', events: [incidentEvent()], roleId: null, replyTo: null, at: Date.UTC(2014, 11, 23) },
        never,
      ),
    );
    idOf(await send.post(channelId, notice, never));
    assert.deepEqual(
      discord.posted.map(({ content }) => content),
      [
        "🇰🇵 North Korea's national Internet has been down since 16:15 UTC on 22 Dec. Told late: this channel " +
          'could not be reached.',
        'The store is away.',
      ],
    );
    assert.deepEqual(drawn, []);
  });

  describe('a channel gets the parts that its permissions allow', () => {
    /**
     * Permissions denied; whether embed, chart and reply arrive; the number of posts if permissions are known, and if
     * not.
     */
    const stories: [PermissionName[], [boolean, boolean, boolean], number, number][] = [
      [[], [true, true, true], 1, 1],
      [['AttachFiles'], [true, false, true], 1, 2],
      [['EmbedLinks'], [false, false, true], 1, 3],
      [['ReadMessageHistory'], [true, true, false], 1, 2],
      [['EmbedLinks', 'AttachFiles'], [false, false, true], 1, 3],
      [['EmbedLinks', 'AttachFiles', 'ReadMessageHistory'], [false, false, false], 1, 4],
    ];
    for (const [denied, stands, known, unknown] of stories) {
      for (const isKnown of [true, false]) {
        test(`without ${denied.join(', ') || 'any lack'}, ${isKnown ? 'known' : 'not known'}`, async () => {
          const send = sender({ known: isKnown });
          const first = idOf(await send.post(channelId, notice, never));
          discord.world.deny(channelId, ...denied);
          const before = posts().length;
          idOf(await send.post(channelId, alert({ replyTo: first }), never));
          const { embeds, files, message_reference: reference, content } = discord.posted.at(-1)!;
          assert.match(content!, /went down/);
          assert.deepEqual([(embeds ?? []).length > 0, files.length > 0, reference !== undefined], stands);
          assert.equal(posts().length - before, isKnown ? known : unknown);
          if (isKnown) assert.equal(drawn.length, stands[1] ? 1 : 0);
        });
      }
    }

    test('and one that accepts nothing counts as closed after every form was tried', async () => {
      discord.world.deny(channelId, 'SendMessages');
      const result = await sender({ known: false }).post(channelId, alert(), never);
      assert.ok(result.kind === 'closed');
      assert.match(result.reason, /Send Messages/);
      assert.equal(posts().length, 3);
    });

    test('a reply to a deleted message is posted without the reference', async () => {
      idOf(await sender().post(channelId, alert({ replyTo: '12345' }), never));
      assert.equal(discord.posted[0].message_reference, undefined);
    });
  });

  describe('what cannot be told, and why', () => {
    const stories: [string, () => void, SendResult['kind'], RegExp][] = [
      ['the channel is deleted', () => discord.world.channels.clear(), 'gone', /no channel 200000000000000001/],
      ['the bot may not see it', () => discord.world.deny(channelId, 'ViewChannel'), 'closed', /View Channel/],
      [
        'the bot is in the server no more',
        () => discord.world.guilds.get('300000000000000001')!.members.delete(discord.world.bot.id),
        'closed',
        /not in that server/,
      ],
      [
        'a person who takes no messages',
        () => discord.script({ kind: 'error', status: 403, code: 50007 }),
        'closed',
        /take none/,
      ],
      [
        'a person without a common server',
        () => discord.script({ kind: 'error', status: 403, code: 50278 }),
        'closed',
        /no server/,
      ],
      ['an archived thread', () => discord.script({ kind: 'error', status: 400, code: 50083 }), 'closed', /archived/],
      [
        'a locked thread',
        () => discord.script({ kind: 'error', status: 403, code: 160005 }),
        'closed',
        /locked.*Manage Threads/,
      ],
      ['a forum', () => discord.script({ kind: 'error', status: 400, code: 50008 }), 'closed', /none for text/],
    ];
    for (const [name, arrange, kind, says] of stories) {
      test(name, async () => {
        arrange();
        const result = await sender({ known: false }).post(channelId, alert(), never);
        assert.equal(result.kind, kind, JSON.stringify(result));
        assert.match((result as { readonly reason: string }).reason, says);
        assert.doesNotMatch(JSON.stringify([result, lines]), /DISCORD_CHANNEL_ID|good-token/);
      });
    }

    for (const [status, code] of [
      [400, 50035],
      [413, 40005],
      [400, 200000],
      [400, 240000],
      [400, 50006],
    ] as const) {
      test(`a message that Discord will not take (${code}) is reduced to its text, loudly`, async () => {
        discord.script({ kind: 'error', status, code });
        idOf(await sender().post(channelId, alert(), never));
        assert.deepEqual([discord.posted[0].embeds, discord.posted[0].files], [undefined, []]);
        assert.match(discord.posted[0].content ?? '', /went down/);
        assert.ok(lines.some((line) => line.includes('"level":50') && line.includes(String(code))));
      });
    }

    test('if even the text is refused, the fault is ours', async () => {
      discord.script({ kind: 'error', status: 400, code: 200000, times: 2 });
      assert.equal((await sender().post(channelId, alert(), never)).kind, 'refused');
      assert.equal(lines.filter((line) => line.includes('"level":50')).length, 2);
    });

    test('a part of Discord that is switched off: only the text, or later', async () => {
      discord.script({ kind: 'error', status: 400, code: 40006 });
      idOf(await sender().post(channelId, alert(), never));
      discord.script({ kind: 'error', status: 400, code: 40006, times: 2 });
      assert.equal((await sender().post(channelId, alert({}, restored), never)).kind, 'retry');
    });
  });

  describe('trouble that passes is retried; it says whose it is, and whether Discord may have the message', () => {
    const stories: [string, Fault, 'channel' | 'everywhere', boolean][] = [
      ['rate limit of the channel', { kind: 'rate-limit', retryAfterSeconds: 7 }, 'channel', false],
      ['rate limit of the bot', { kind: 'rate-limit', retryAfterSeconds: 7, global: true }, 'everywhere', false],
      ['500', { kind: 'error', status: 500 }, 'everywhere', true],
      ['503', { kind: 'error', status: 503 }, 'everywhere', true],
      ['reset', { kind: 'reset' }, 'everywhere', true],
      ['taken, answer lost', { kind: 'accept-then-reset' }, 'everywhere', true],
      ['a 404 without a reason', { kind: 'error', status: 404 }, 'everywhere', true],
      ["a proxy's page, 200", { kind: 'page', status: 200 }, 'everywhere', true],
      ["a proxy's page, 403", { kind: 'page', status: 403 }, 'everywhere', true],
      ['a 401 that is a hiccup', { kind: 'error', status: 401 }, 'channel', false],
      ['slow mode', { kind: 'error', status: 400, code: 20016 }, 'channel', false],
    ];
    for (const [name, fault, scope, maybeTaken] of stories) {
      test(name, async () => {
        discord.script(fault);
        const send = sender();
        const result = await send.post(channelId, alert(), never);
        assert.ok(result.kind === 'retry', JSON.stringify(result));
        assert.deepEqual([result.scope, result.maybeTaken], [scope, maybeTaken], JSON.stringify(result));
        if (fault.kind === 'rate-limit')
          assert.ok(
            result.afterMs !== null && result.afterMs >= 7000 && result.afterMs <= 7100,
            String(result.afterMs),
          );
        else assert.equal(result.afterMs, null);
      });
    }

    test('without a connection Discord cannot have the message', async () => {
      const send = sender();
      await discord.stop();
      const result = await send.post(channelId, alert(), never);
      assert.ok(result.kind === 'retry' && result.scope === 'everywhere' && !result.maybeTaken, JSON.stringify(result));
      await discord.start();
    });

    test('a reset token stops every channel, says what to do, and goes on once a new one works', async () => {
      const send = sender();
      discord.world.token = 'another';
      const result = await send.post(channelId, alert(), never);
      assert.ok(result.kind === 'retry' && result.scope === 'everywhere' && !result.maybeTaken);
      assert.match(result.reason, /refuses the token.*DISCORD_TOKEN/);
      assert.deepEqual(
        discord.requests.map((request) => request.split(' ')[0]),
        ['POST', 'GET'],
      );
      discord.world.token = token;
      idOf(await send.post(channelId, alert(), never));
    });

    test('a message whose answer was lost is posted again and appears once', async () => {
      discord.script({ kind: 'accept-then-reset' });
      const send = sender();
      assert.equal((await send.post(channelId, alert(), never)).kind, 'retry');
      const id = idOf(await send.post(channelId, alert(), never));
      assert.deepEqual(
        discord.posted.map((message) => message.id),
        [id],
      );
    });

    test('a stop gives the message under way a moment, and no more', async () => {
      const clock = new FakeClock();
      const stop = new AbortController();
      discord.script({ kind: 'hang' });
      const sending = sender({ clock }).post(channelId, alert(), stop.signal);
      await discord.until(() => discord.requests.length === 1);
      assert.deepEqual(clock.pending, [10_000]);
      stop.abort();
      assert.deepEqual(clock.pending, [700]);
      clock.jump(700);
      const result = await sending;
      assert.ok(result.kind === 'retry' && result.maybeTaken);
      assert.deepEqual(clock.pending, []);
    });
  });

  describe('a posted message is found again', () => {
    const find = (send: Send, message: Message = alert(), since = Date.now() - 60_000): Promise<FindResult> =>
      send.find(channelId, message, since, never);

    test('by its footer, among others; a message that was never posted is absent', async () => {
      const send = sender();
      const id = idOf(await send.post(channelId, alert(), never));
      for (let n = 0; n < 3; n++)
        await send.post(channelId, alert({}, incidentEvent({ id: `KP-ipv4-1419265020000/1${n}` })), never);
      assert.deepEqual(await find(send), { kind: 'found', messageId: id });
      assert.deepEqual(await find(send, alert({}, restored)), { kind: 'absent' });
      assert.deepEqual(
        await find(send, alert(), Date.now() + 3_600_000),
        { kind: 'absent' },
        'posted before the time asked for',
      );
    });

    test('a late one by the footer of the alert that was in doubt, which tells the same', async () => {
      const send = sender();
      const id = idOf(await send.post(channelId, alert(), never));
      const late = (...events: IncidentEvent[]): Message => ({
        kind: 'backlog',
        events,
        roleId: null,
        replyTo: null,
        at: Date.now(),
      });
      assert.deepEqual(await find(send, late(incidentEvent())), { kind: 'found', messageId: id });
      assert.deepEqual(
        await find(send, late(incidentEvent(), restored)),
        { kind: 'absent' },
        'it tells more than the alert did',
      );
      const backlog = idOf(await send.post(channelId, late(incidentEvent(), restored), never));
      assert.deepEqual(await find(send, late(incidentEvent(), restored)), { kind: 'found', messageId: backlog });
    });

    test('behind hundreds of others, up to 500', async () => {
      const send = sender();
      await send.post(channelId, notice, never);
      const of = discord.posted[0];
      const chatter = (count: number): void => {
        const messages = Array.from({ length: count }, () => ({
          ...of,
          id: discord.world.ids.next(),
          authorId: discord.world.user.id,
        }));
        discord.world.messages.set(channelId, [...(discord.world.messages.get(channelId) ?? []), ...messages]);
      };
      chatter(250);
      const id = idOf(await send.post(channelId, alert(), never));
      assert.deepEqual(await find(send), { kind: 'found', messageId: id });
      chatter(300);
      assert.deepEqual(await find(send, alert({}, restored)), { kind: 'unknown' });
    });

    test("another bot's message is never taken for ours", async () => {
      const send = sender();
      await send.post(channelId, alert(), never);
      const [message] = discord.posted;
      discord.world.messages.set(channelId, [{ ...message, authorId: discord.world.user.id }]);
      assert.deepEqual(await find(send), { kind: 'absent' });
    });

    test('not if history or embeds are hidden: then it is unknown', async () => {
      for (const name of ['ReadMessageHistory', 'EmbedLinks'] as const) {
        discord.world.deny(channelId, name);
        assert.deepEqual(await find(sender()), { kind: 'unknown' }, name);
        discord.world.allow(channelId, name);
      }
      discord.world.deny(channelId, 'ViewChannel');
      assert.deepEqual(await find(sender({ known: false })), { kind: 'unknown' });
    });

    test('an empty list proves absence only if the bot may read the history', async () => {
      assert.deepEqual(await find(sender()), { kind: 'absent' });
      assert.deepEqual(await find(sender({ known: false })), { kind: 'unknown' });
    });

    test('a message of only text cannot be told from another', async () => {
      const send = sender();
      discord.script({ kind: 'error', status: 400, code: 240000 });
      await send.post(channelId, alert(), never);
      assert.deepEqual(await find(send), { kind: 'unknown' });
    });

    test('faults on the way are retried, and a deleted channel has no message', async () => {
      discord.script(
        { kind: 'error', status: 503, on: 'GET /channels/:id/messages' },
        { kind: 'rate-limit', retryAfterSeconds: 1, on: 'GET /channels/:id/messages' },
      );
      const send = sender();
      for (const scope of ['everywhere', 'channel']) {
        const result = await find(send);
        assert.ok(result.kind === 'retry' && result.scope === scope && !result.maybeTaken, JSON.stringify(result));
      }
      discord.world.channels.clear();
      assert.deepEqual(await find(sender({ known: false })), { kind: 'absent' });
    });
  });

  describe('an edit', () => {
    test(
      'turns the first message green with its duration, replaces ' + 'the chart, keeps the words, pings nobody',
      async () => {
        const send = sender();
        const role = discord.world.addRole('300000000000000001');
        const id = idOf(await send.post(channelId, alert({ roleId: role.id }), never));
        const before = discord.posted[0].content;
        assert.equal(
          await send.edit(channelId, id, alert({ roleId: role.id, revision: 1, end: restored }), never),
          true,
        );
        const [message] = discord.posted;
        assert.equal(message.content, before);
        assert.deepEqual(
          [message.embeds![0].title, message.embeds![0].color],
          ['North Korea: restored after 9 hr 31 min', 0x23a55a],
        );
        assert.deepEqual(
          message.embeds![0].fields!.map(({ name }) => name).filter((name) => /Since|Until/.test(name)),
          ['Since', 'Until'],
        );
        assert.equal(message.files.length, 1);
        assert.deepEqual(message.edits[0].allowed_mentions, { parse: [] });
        assert.deepEqual(drawn, [
          [incidentEvent().id, 0],
          [restored.id, 0],
        ]);
      },
    );

    test('is tried once', async () => {
      const send = sender();
      const id = idOf(await send.post(channelId, alert(), never));
      const edits = (): number => discord.requests.filter((request) => request.startsWith('PATCH')).length;
      discord.script(
        { kind: 'rate-limit', retryAfterSeconds: 1, on: 'PATCH /channels/:id/messages/:id' },
        { kind: 'reset', on: 'PATCH /channels/:id/messages/:id' },
      );
      for (const count of [1, 2]) {
        assert.equal(await send.edit(channelId, id, alert({ revision: count }), never), false);
        assert.equal(edits(), count);
      }
      assert.equal(await send.edit(channelId, '12345', alert({ revision: 3 }), never), false);
    });
  });

  test('a start is crossposted in an announcement channel, and only there', async () => {
    const { id: announcements } = discord.world.addChannel({ type: ChannelType.GuildAnnouncement });
    const send = sender();
    const id = idOf(await send.post(announcements, alert(), never));
    assert.equal(await send.crosspost(announcements, id, never), true);
    assert.equal(await send.crosspost(announcements, id, never), false, 'a second time');
    const before = discord.requests.length;
    assert.equal(await send.crosspost(channelId, id, never), false);
    assert.equal(discord.requests.length, before);
  });

  test('every request is counted by route, outcome and code, and shows no id', async () => {
    discord.world.deny(channelId, 'AttachFiles');
    await sender({ known: false }).post(channelId, alert(), never);
    assert.deepEqual(requests, [
      { method: 'post', route: '/channels/:id/messages', outcome: 'refused', code: 50013 },
      { method: 'post', route: '/channels/:id/messages', outcome: 'ok', code: null },
    ]);
  });
});
