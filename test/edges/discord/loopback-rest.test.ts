/** The REST API of the loopback Discord, as @discordjs/rest and plain requests see it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ChannelType, DiscordAPIError, OverwriteType, REST, RateLimitError, type APIMessage } from 'discord.js';
import { DiscordServer } from '../../support/discord/server.js';
import { snowflakeAt } from '../../support/discord/snowflake.js';
import { bits, type PermissionName } from '../../support/discord/world.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';

const channelId = '200000000000000001';
const guildId = '300000000000000001';
const minute = 60_000;
const png = Buffer.from('89504e470d0a1a0a00ff', 'hex');

let clock: FakeClock;
let discord: DiscordServer;
let rest: REST;
describe('the loopback Discord: REST', () => {
  beforeEach(async () => {
    clock = new FakeClock(Date.UTC(2026, 0, 1));
    discord = new DiscordServer({ clock });
    await discord.start();
    rest = new REST({
      api: discord.apiUrl,
      retries: 0,
      rejectOnRateLimit: () => true,
      hashSweepInterval: 0,
      handlerSweepInterval: 0,
    }).setToken('good-token');
  });
  afterEach(() => discord.stop());

  type Files = { name: string; data: Buffer; contentType?: string }[];
  const post = (body: object, files: Files = [], channel = channelId): Promise<APIMessage> =>
    rest.post(`/channels/${channel}/messages`, { body, files }) as Promise<APIMessage>;
  const list = (query: string, channel = channelId): Promise<APIMessage[]> =>
    rest.get(`/channels/${channel}/messages?${query}`) as Promise<APIMessage[]>;
  const edit = (id: string, body: object): Promise<APIMessage> =>
    rest.patch(`/channels/${channelId}/messages/${id}`, { body }) as Promise<APIMessage>;
  /** "ok", or the code of Discord's refusal. */
  const outcome = (request: Promise<unknown>): Promise<string> =>
    request.then(
      () => 'ok',
      (error: unknown) => (error instanceof DiscordAPIError ? String(error.code) : String(error)),
    );
  const contents = (messages: readonly APIMessage[]): string[] => messages.map(({ content }) => content);

  describe('messages', () => {
    test('are posted, read, edited and deleted', async () => {
      const { id, timestamp } = await post({ content: 'one', embeds: [{ title: 'a' }] });
      assert.equal(Date.parse(timestamp), clock.now());
      assert.equal((await edit(id, { content: 'two' })).embeds[0].title, 'a', 'what an edit does not name stays');
      assert.deepEqual((await edit(id, { embeds: [] })).embeds, []);
      assert.equal(((await rest.get(`/channels/${channelId}/messages/${id}`)) as APIMessage).content, 'two');
      assert.deepEqual(
        discord.posted.map(({ content, edits }) => [content, edits.length]),
        [['two', 2]],
      );
      await rest.delete(`/channels/${channelId}/messages/${id}`);
      assert.equal(await outcome(edit(id, { content: 'three' })), '10008');
      assert.deepEqual([await list('limit=5'), discord.posted[0].deleted], [[], true]);
    });

    test('are listed newest first: the last, before, after and around an id, and after a time', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 6; n++) {
        ids.push((await post({ content: String(n) })).id);
        clock.jump(minute);
      }
      assert.deepEqual(contents(await list('limit=2')), ['5', '4']);
      assert.deepEqual(contents(await list(`before=${ids[2]}`)), ['1', '0']);
      assert.deepEqual(contents(await list(`after=${ids[2]}&limit=2`)), ['4', '3']);
      assert.deepEqual(contents(await list(`around=${ids[2]}&limit=2`)), ['3', '2', '1']);
      assert.deepEqual(contents(await list(`after=${snowflakeAt(clock.now() - 2 * minute - 1)}`)), ['5', '4']);
    });

    test('carry files with their bytes, names and alt texts, and an edit may drop them', async () => {
      const message = await post({ content: 'chart', attachments: [{ id: '0', description: 'two lines' }] }, [
        { name: 'chart.png', data: png, contentType: 'image/png' },
      ]);
      const { filename, description, size } = message.attachments[0];
      assert.deepEqual(
        { filename, description, size },
        { filename: 'chart.png', description: 'two lines', size: png.length },
      );
      assert.deepEqual(discord.posted[0].files[0].bytes, png);
      await edit(message.id, { content: 'no chart', attachments: [] });
      assert.deepEqual(discord.posted[0].files, []);
    });

    test('reply to others; a reply to a missing message must be allowed', async () => {
      const { id } = await post({ content: 'down' });
      assert.equal(
        (await post({ content: 'up', message_reference: { message_id: id } })).referenced_message?.content,
        'down',
      );
      assert.equal(await outcome(post({ content: 'up', message_reference: { message_id: '1' } })), '50035');
      assert.equal(
        (await post({ content: 'up', message_reference: { message_id: '1', fail_if_not_exists: false } }))
          .message_reference,
        undefined,
      );
    });

    test('with a nonce are taken once, until Discord forgets it', async () => {
      const body = { content: 'x', nonce: 'n', enforce_nonce: true };
      const { id } = await post(body);
      clock.jump(3 * minute - 1);
      assert.equal((await post(body)).id, id);
      const other = discord.world.addChannel();
      assert.notEqual((await post(body, [], other.id)).id, id);
      clock.jump(1);
      assert.notEqual((await post(body)).id, id);
      assert.equal(discord.posted.length, 3);
    });

    test('older than an hour are edited only three times in a while', async () => {
      const { id } = await post({ content: 'x' });
      clock.jump(60 * minute + 1);
      const edits: string[] = [];
      for (let n = 0; n < 4; n++)
        edits.push(
          await edit(id, { content: String(n) }).then(
            () => 'ok',
            (error: unknown) => (error as Error).constructor.name,
          ),
        );
      assert.deepEqual(edits, ['ok', 'ok', 'ok', RateLimitError.name]);
      const answer = await fetch(`${discord.apiUrl}/v10/channels/${channelId}/messages/${id}`, {
        method: 'PATCH',
        body: '{"content":"x"}',
        headers: { authorization: 'Bot good-token', 'content-type': 'application/json' },
      });
      assert.deepEqual([answer.status, ((await answer.json()) as { code: number }).code], [429, 30046]);
    });

    test('of announcement channels are published once, others never', async () => {
      const news = discord.world.addChannel({ type: ChannelType.GuildAnnouncement });
      const crosspost = (channel: string, id: string): Promise<string> =>
        outcome(rest.post(`/channels/${channel}/messages/${id}/crosspost`));
      const { id } = await post({ content: 'x' }, [], news.id);
      assert.equal(await crosspost(news.id, id), 'ok');
      assert.equal(await crosspost(news.id, id), '40033');
      assert.equal(await crosspost(channelId, (await post({ content: 'x' })).id), '50024');
    });

    const long = (n: number): string => 'x'.repeat(n);
    const tooMuch: [string, object, string][] = [
      ['content', { content: long(2001) }, 'content'],
      ['an embed title', { embeds: [{ title: long(257) }] }, 'embeds.0.title'],
      ['a field value', { embeds: [{ fields: [{ name: 'a', value: long(1025) }] }] }, 'embeds.0.fields.0.value'],
      [
        '26 fields',
        { embeds: [{ fields: Array.from({ length: 26 }, () => ({ name: 'a', value: 'b' })) }] },
        'embeds.0.fields',
      ],
      ['a footer', { embeds: [{ footer: { text: long(2049) } }] }, 'embeds.0.footer.text'],
      ['a nonce', { content: 'x', nonce: long(26) }, 'nonce'],
      [
        'embeds of 6001 characters together',
        { embeds: [{ description: long(4000) }, { description: long(2001) }] },
        'embeds',
      ],
    ];
    for (const [name, body, path] of tooMuch) {
      test(`too much: ${name} is refused with 50035 at ${path}`, async () => {
        const error = await post(body).then(
          () => null,
          (reason: unknown) => reason as DiscordAPIError,
        );
        assert.equal(error?.code, 50035);
        const { errors } = error.rawError as { errors: Record<string, unknown> };
        const at = path
          .split('.')
          .reduce<Record<string, unknown>>((node, step) => node[step] as Record<string, unknown>, errors);
        assert.ok(Array.isArray(at._errors), JSON.stringify(errors));
        // Discord's API description refuses the same, except for the sum.
        assert.equal(discord.violations.splice(0).length > 0, path !== 'embeds');
      });
    }

    test('empty and too large ones are refused', async () => {
      assert.equal(await outcome(post({ content: '' })), '50006');
      assert.equal(await outcome(post({}, [{ name: 'a', data: Buffer.alloc(10 * 1024 * 1024 + 1) }])), '40005');
    });
  });

  describe('permissions', () => {
    const file: Files = [{ name: 'a.png', data: png }];
    const rows: {
      lacks: PermissionName;
      post: string;
      embed?: string;
      file?: string;
      reply?: string;
      read?: number | string;
    }[] = [
      { lacks: 'ViewChannel', post: '50001', embed: '50001', file: '50001', reply: '50001', read: '50001' },
      { lacks: 'SendMessages', post: '50013', embed: '50013', file: '50013', reply: '50013' },
      { lacks: 'EmbedLinks', post: 'ok', embed: '50013' },
      { lacks: 'AttachFiles', post: 'ok', file: '50013' },
      { lacks: 'ReadMessageHistory', post: 'ok', reply: '160002', read: 0 },
    ];
    for (const { lacks, read = 1, ...wanted } of rows) {
      test(`without ${lacks}`, async () => {
        const { id } = await post({ content: 'first' });
        discord.world.deny(channelId, lacks);
        assert.equal(
          await list('limit=1').then(
            (messages) => messages.length,
            (error: unknown) => String((error as DiscordAPIError).code),
          ),
          read,
        );
        assert.deepEqual(
          {
            post: await outcome(post({ content: 'x' })),
            embed: await outcome(post({ embeds: [{ title: 'x' }] })),
            file: await outcome(post({ content: 'x' }, file)),
            reply: await outcome(post({ content: 'x', message_reference: { message_id: id } })),
          },
          { embed: 'ok', file: 'ok', reply: 'ok', ...wanted },
        );
      });
    }

    test('come from roles, overwrites in their order, and ownership', async () => {
      const { world } = discord;
      const [guild, channel] = [world.guilds.get(guildId)!, world.channels.get(channelId)!];
      const own = guild.members.get(world.bot.id)!;
      const send = bits('SendMessages');
      const can = async (): Promise<boolean> => (await outcome(post({ content: 'x' }))) === 'ok';
      channel.overwrites.push({ id: guildId, type: OverwriteType.Role, allow: 0n, deny: send });
      assert.equal(await can(), false, 'everyone is denied');
      channel.overwrites.push({ id: own.roles[0], type: OverwriteType.Role, allow: send, deny: 0n });
      assert.equal(await can(), true, 'its role is allowed');
      world.deny(channelId, 'SendMessages');
      assert.equal(await can(), false, 'the bot itself is denied');
      own.roles.push(world.addRole(guildId, { permissions: bits('Administrator') }).id);
      assert.equal(await can(), true, 'an administrator is never denied');
      own.roles = [];
      guild.ownerId = world.bot.id;
      assert.equal(await can(), true, 'nor an owner');
    });

    test('in threads are those of their channel, with a right to send of their own', async () => {
      const [open, secret] = [
        discord.world.addThread(channelId),
        discord.world.addThread(channelId, { type: ChannelType.PrivateThread }),
      ];
      discord.world.deny(channelId, 'SendMessages');
      assert.equal(await outcome(post({ content: 'x' }, [], open.id)), 'ok');
      assert.equal(await outcome(post({ content: 'x' }, [], secret.id)), '50001', 'private, and the bot is not in it');
      discord.world.deny(channelId, 'SendMessagesInThreads');
      assert.equal(await outcome(post({ content: 'x' }, [], open.id)), '50013');
      discord.world.allow(channelId, 'SendMessagesInThreads');
      open.locked = true;
      assert.equal(await outcome(post({ content: 'x' }, [], open.id)), '160005');
    });

    test('are not needed in direct messages', async () => {
      const { id } = (await rest.post('/users/@me/channels', { body: { recipient_id: discord.world.user.id } })) as {
        id: string;
      };
      assert.equal(await outcome(post({ embeds: [{ title: 'x' }] }, file, id)), 'ok');
      assert.equal(await outcome(rest.post('/users/@me/channels', { body: { recipient_id: '5' } })), '10013');
    });
  });

  describe('rate limits', () => {
    test('every answer has the headers, and discord.js waits as long as a 429 says', async () => {
      const answer = await fetch(`${discord.apiUrl}/v10/users/@me`, { headers: { authorization: 'Bot good-token' } });
      for (const name of ['limit', 'remaining', 'reset', 'reset-after', 'bucket'])
        assert.ok(answer.headers.has(`x-ratelimit-${name}`), name);
      discord.script({ kind: 'rate-limit', retryAfterSeconds: 0.05 });
      const patient = new REST({ api: discord.apiUrl }).setToken('good-token');
      await patient.post(`/channels/${channelId}/messages`, { body: { content: 'x' } });
      assert.deepEqual(
        discord.requests.slice(1),
        [1, 2].map(() => `POST /channels/${channelId}/messages`),
      );
      discord.script({ kind: 'rate-limit', retryAfterSeconds: 7, global: true });
      const limited = await post({ content: 'x' }).then(
        () => null,
        (error: unknown) => error as RateLimitError,
      );
      assert.ok(limited?.global);
      patient.clearHandlerSweeper();
      patient.clearHashSweeper();
    });

    test('are counted if the test asks for it: five messages in five seconds per channel', async () => {
      const strict = new DiscordServer({ clock, rateLimits: true });
      await strict.start();
      const other = strict.world.addChannel();
      const send = async (channel: string): Promise<number> =>
        (
          await fetch(`${strict.apiUrl}/v10/channels/${channel}/messages`, {
            method: 'POST',
            body: '{"content":"x"}',
            headers: { authorization: 'Bot good-token', 'content-type': 'application/json' },
          })
        ).status;
      const statuses: number[] = [];
      for (let n = 0; n < 6; n++) statuses.push(await send(channelId));
      assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
      assert.equal(await send(other.id), 200);
      clock.jump(5000);
      assert.equal(await send(channelId), 200);
      await strict.stop();
    });
  });

  describe('faults', () => {
    test('strike the matching requests, in order, as often as scripted', async () => {
      discord.script(
        { kind: 'error', status: 401, on: '*', times: 2 },
        { kind: 'error', status: 500 },
        { kind: 'error', status: 404, code: 10003, on: 'GET /channels/:id' },
      );
      const bare = async (method: string, path: string): Promise<number> =>
        (
          await fetch(`${discord.apiUrl}/v10${path}`, {
            method,
            headers: { authorization: 'Bot good-token', 'content-type': 'application/json' },
            ...(method === 'POST' && { body: '{"content":"x"}' }),
          })
        ).status;
      const messages = `/channels/${channelId}/messages`;
      assert.deepEqual([await bare('GET', '/users/@me'), await bare('POST', messages)], [401, 401]);
      assert.deepEqual(
        [await bare('GET', '/users/@me'), await bare('POST', messages), await bare('POST', messages)],
        [200, 500, 200],
      );
      assert.deepEqual(
        [await bare('GET', `/channels/${channelId}`), await bare('GET', `/channels/${channelId}`)],
        [404, 200],
      );
    });

    test('last until they are ended', async () => {
      const end = discord.stand({ kind: 'error', status: 503 });
      await assert.rejects(post({ content: 'x' }), { status: 503 });
      await assert.rejects(rest.get('/users/@me'), { status: 503 });
      end();
      await post({ content: 'x' });
    });
  });

  test('commands are registered in one go, and keep their ids', async () => {
    const route = `/applications/${discord.world.application.id}/commands` as const;
    const command = { name: 'status', description: 'How it is', default_member_permissions: '32' };
    const [{ id }] = (await rest.put(route, { body: [command] })) as { id: string }[];
    assert.deepEqual(
      ((await rest.put(route, { body: [command, { ...command, name: 'other' }] })) as { id: string }[])[0].id,
      id,
    );
    assert.deepEqual(
      ((await rest.get(route)) as { name: string }[]).map(({ name }) => name),
      ['status', 'other'],
    );
    assert.equal(await outcome(rest.put(route, { body: [command, command] })), '50035');
  });

  describe('the oracle', () => {
    const planted: [string, () => Promise<unknown>, RegExp][] = [
      [
        'a wrong type',
        () => post({ content: 'x', embeds: [{ title: 'a', color: 'red' }] }),
        /value\/embeds\/0\/color must be integer/,
      ],
      [
        'a slip of the pen',
        () => post({ content: 'x', alowed_mentions: { parse: [] } }),
        /additional properties: alowed_mentions/,
      ],
      [
        'one in a button',
        () => post({ content: 'x', components: [{ type: 1, components: [{ type: 2, style: 1, lable: 'a' }] }] }),
        /lable/,
      ],
      ['an unknown query', () => list('limits=5'), /query limits: unknown/],
      ['a number beyond its range', () => list('limit=101'), /query limit: value must be <= 100/],
      ['an unknown route', () => rest.get('/users/@me/everything'), /no such route/],
      [
        'a command option without a description',
        () =>
          rest.put(`/applications/${discord.world.application.id}/commands`, {
            body: [{ name: 'a', description: 'b', options: [{ type: 3, name: 'c' }] }],
          }),
        /value\/0\/options\/0 must have required property 'description'/,
      ],
    ];
    for (const [name, request, words] of planted) {
      test(`finds ${name}, and stop() throws`, async () => {
        await outcome(request());
        assert.match(discord.violations.join('\n'), words);
        await assert.rejects(discord.stop(), words);
        discord.violations.length = 0;
        await discord.start();
      });
    }
  });
});
