import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApplicationCommandOptionType, ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import {
  CommandProblem,
  type Command,
  type CommandInput,
} from '../../../../src/edges/discord/commands/parts/command.js';
import { FakeClock } from '../../../support/clocks/fake-clock.js';
import { GatewayWorld, type GatewayWorldOptions } from '../gateway-world.js';

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47]);

/** A command named `echo` that answers with its input; `given` replaces parts of it. */
function echo(given: Partial<Command> = {}): { readonly command: Command; readonly inputs: CommandInput[] } {
  const inputs: CommandInput[] = [];
  const command: Command = {
    definition: {
      name: 'echo',
      description: 'Says what it heard',
      options: [
        { type: ApplicationCommandOptionType.String, name: 'text', description: 'What to say', autocomplete: true },
        { type: ApplicationCommandOptionType.Integer, name: 'days', description: 'A number' },
        { type: ApplicationCommandOptionType.Boolean, name: 'loud', description: 'Or not' },
        { type: ApplicationCommandOptionType.Channel, name: 'channel', description: 'Where' },
        { type: ApplicationCommandOptionType.Role, name: 'role', description: 'To whom' },
      ],
    },
    ephemeral: false,
    run: (input) => Promise.resolve({ content: `heard ${JSON.stringify(input.options)}` }),
    ...given,
  };
  return {
    inputs,
    command: {
      ...command,
      run: (input, ...rest) => {
        inputs.push(input);
        return command.run(input, ...rest);
      },
    },
  };
}

/** A connected bot, with these commands registered. */
async function worldWith(
  commands: readonly Command[],
  options: Omit<GatewayWorldOptions, 'commands'> = {},
): Promise<GatewayWorld> {
  const world = new GatewayWorld({ ...options, commands });
  world.discord.world.commands.set(
    'global',
    commands.map(({ definition }, n) => ({ id: `7000${n}`, ...definition }) as never),
  );
  return world.connected();
}

const [guildId, channelId, userId] = ['300000000000000001', '200000000000000001', '400000000000000001'];

describe('a command', () => {
  test('is acknowledged before anything else, and gets what was asked, where and by whom', async () => {
    const { command, inputs } = echo();
    const world = await worldWith([command]);
    const role = world.discord.world.addRole(guildId);
    const before = Date.now();
    const seen = await world.discord.interact({
      command: 'echo',
      memberPermissions: 32n,
      options: { text: 'KP', days: 3, loud: true, channel: { channel: channelId }, role: { role: role.id } },
    });
    assert.deepEqual([seen.acknowledged, seen.ephemeral], ['thinking', false]);
    assert.match(seen.messages[0].content ?? '', /^heard/);
    const [{ now, ...input }] = inputs;
    assert.deepEqual(input, {
      options: { text: 'KP', days: 3, loud: true, channel: channelId, role: role.id },
      subcommand: null,
      place: { kind: 'guild', guildId, channelId, memberPermissions: 32n, isMember: true },
      userId,
    });
    assert.ok(now >= before && now <= Date.now());
    await world.until(() => world.outcomes.length === 1);
    assert.deepEqual(world.outcomes, ['echo ok']);
  });

  test('with a subcommand gets that, with its options', async () => {
    const { command, inputs } = echo({
      definition: {
        name: 'watch',
        description: 'Watches',
        options: [
          {
            type: ApplicationCommandOptionType.Subcommand,
            name: 'add',
            description: 'One more',
            options: [{ type: ApplicationCommandOptionType.String, name: 'country', description: 'Which' }],
          },
        ],
      },
    });
    const world = await worldWith([command]);
    await world.discord.interact({ command: 'watch add', options: { country: 'KP' } });
    assert.deepEqual([inputs[0].subcommand, inputs[0].options], ['add', { country: 'KP' }]);
  });

  test('in a server that has no bot, in direct messages and among others knows where it is', async () => {
    const { command, inputs } = echo();
    const world = await worldWith([command]);
    const elsewhere = world.discord.world.addGuild();
    elsewhere.members.delete(world.discord.world.bot.id);
    const channel = world.discord.world.addChannel({ guildId: elsewhere.id });
    await world.discord.interact({ command: 'echo', channelId: channel.id, installedBy: 'user' });
    await world.discord.interact({ command: 'echo', channelId: channel.id });
    await world.discord.interact({ command: 'echo', installedBy: 'user' });
    await world.discord.interact({ command: 'echo', place: 'bot-dm' });
    await world.discord.interact({ command: 'echo', place: 'private' });
    assert.deepEqual(
      inputs.map(({ place }) => [place.kind, place.kind === 'guild' && place.isMember]),
      [
        ['guild', false],
        ['guild', false],
        ['guild', false],
        ['bot-dm', false],
        ['private', false],
      ],
    );
    const dm = world.discord.world.directMessages(userId).id;
    assert.deepEqual(inputs[3].place, { kind: 'bot-dm', channelId: dm });
    assert.deepEqual([world.gateway.lookUpChannel(dm)?.kind, world.gateway.lookUpChannel(channel.id)], ['dm', null]);
  });

  test('answers with embed, chart and buttons, and pings no user', async () => {
    const { command } = echo({
      run: () =>
        Promise.resolve({
          content: '@everyone',
          embeds: [{ title: 'North Korea: down', image: { url: 'attachment://chart.png' } }],
          files: [{ name: 'chart.png', data: png, description: 'A line that falls' }],
          components: [
            {
              type: ComponentType.ActionRow,
              components: [
                { type: ComponentType.Button, style: ButtonStyle.Secondary, custom_id: 'echo:2', label: 'Next' },
              ],
            },
          ],
        }),
    });
    const world = await worldWith([command]);
    const [message] = (await world.discord.interact({ command: 'echo' })).messages;
    assert.deepEqual(message.allowed_mentions, { parse: [] });
    assert.equal(message.embeds?.length, 1);
    assert.deepEqual(
      message.files.map(({ filename, description, bytes }) => [filename, description, [...bytes]]),
      [['chart.png', 'A line that falls', [...png]]],
    );
    assert.match(JSON.stringify(message.components), /echo:2/);
  });

  test('that is ephemeral is seen only by the user who asked', async () => {
    const world = await worldWith([echo({ ephemeral: true }).command]);
    const seen = await world.discord.interact({ command: 'echo' });
    assert.deepEqual([seen.ephemeral, seen.messages.length, world.discord.posted.length], [true, 1, 0]);
  });
});

describe('what goes wrong', () => {
  const problem = (): never => {
    throw new CommandProblem('There is no country "Atlantis". Did you mean Austria?');
  };
  const fault = (): Promise<never> => Promise.reject(new Error('the store is on fire'));

  for (const ephemeral of [true, false]) {
    const name = ephemeral ? 'an ephemeral command' : 'a public command';
    test(`the person's own mistake in ${name} is told to that person`, async () => {
      const world = await worldWith([echo({ ephemeral, run: problem }).command]);
      const seen = await world.discord.interact({ command: 'echo' });
      assert.deepEqual(
        seen.messages.map(({ content, flags }) => [content, flags]),
        [['There is no country "Atlantis". Did you mean Austria?', MessageFlags.Ephemeral]],
      );
      assert.deepEqual(world.discord.posted, []);
      await world.until(() => world.outcomes[0] === 'echo problem');
    });

    test(`a fault of ours in ${name} is told to that person with an id that stands in the log`, async () => {
      const world = await worldWith([echo({ ephemeral, run: fault }).command]);
      const seen = await world.discord.interact({ command: 'echo' });
      const [message] = seen.messages;
      assert.equal(message.flags, MessageFlags.Ephemeral);
      const errorId = /error id ([0-9a-f]{8})\.$/.exec(message.content ?? '')?.[1];
      assert.ok(!message.content?.includes('fire'));
      const line = world.lines.find((logged) => logged['errorId'] === errorId);
      assert.match(JSON.stringify(line), /the store is on fire.*at .*fault/);
      await world.until(() => world.outcomes[0] === 'echo error');
    });
  }

  test('a command that hangs is given up after 30 s, and told so', async () => {
    const clock = new FakeClock();
    let cut: AbortSignal | null = null;
    const world = await worldWith(
      [
        echo({
          run: (_input, _deps, signal) => {
            cut = signal;
            return new Promise(() => undefined);
          },
        }).command,
      ],
      { clock },
    );
    const seen = world.discord.interact({ command: 'echo' });
    await clock.waiting(30_000);
    clock.jump(30_000);
    assert.match((await seen).messages[0].content ?? '', /took too long.*error id/);
    assert.equal((cut as AbortSignal | null)?.aborted, true);
  });

  test('a command of an older registration is answered: it no longer exists', async () => {
    const world = new GatewayWorld();
    world.discord.world.commands.set('global', [{ id: '1', name: 'old', description: 'Was' }]);
    await world.connected();
    const seen = await world.discord.interact({ command: 'old' });
    assert.equal(seen.ephemeral, true);
    assert.match(seen.messages[0].content ?? '', /no longer exists or has changed/);
    await world.until(() => world.outcomes[0] === 'unknown unknown');
  });

  test('an interaction that Discord no longer waits for is logged, not run, and the next is answered', async () => {
    const { command, inputs } = echo();
    const world = await worldWith([command]);
    world.discord.script({ kind: 'error', status: 404, code: 10062, on: 'POST /interactions/:id/:token/callback' });
    void world.discord.interact({ command: 'echo' });
    await world.until(() => world.outcomes.length === 1);
    assert.deepEqual([world.outcomes, inputs.length], [['echo late'], 0]);
    assert.ok(world.logged(/\/echo came too late/));
    assert.equal((await world.discord.interact({ command: 'echo' })).messages.length, 1);
  });

  test('goes on after an acknowledgement whose answer was lost', async () => {
    const world = await worldWith([echo().command]);
    world.discord.script({ kind: 'error', status: 400, code: 40060, on: 'POST /interactions/:id/:token/callback' });
    void world.discord.interact({ command: 'echo' });
    await world.until(() => world.outcomes.length === 1);
    // The loopback did not carry out the acknowledgement, so it accepts no answer either. The command ran all the same.
    assert.ok(world.logged(/the answer to \/echo did not get through/));
  });

  test('an answer that does not get through is logged, and the next one gets through', async () => {
    const world = await worldWith([echo().command]);
    world.discord.script({
      kind: 'error',
      status: 400,
      code: 50035,
      on: 'PATCH /webhooks/:application/:token/messages/:message',
    });
    void world.discord.interact({ command: 'echo' });
    await world.until(() => world.outcomes.length === 1);
    assert.deepEqual(world.outcomes, ['echo unanswered']);
    assert.ok(world.logged(/the answer to \/echo did not get through/));
    assert.equal((await world.discord.interact({ command: 'echo' })).messages.length, 1);
  });
});

describe('a button', () => {
  const paged = echo({
    run: () =>
      Promise.resolve({
        content: 'page 1',
        embeds: [{ title: 'first' }],
        files: [{ name: 'chart.png', data: png, description: 'A chart' }],
        components: [
          {
            type: ComponentType.ActionRow,
            components: [
              { type: ComponentType.Button, style: ButtonStyle.Secondary, custom_id: 'echo:2', label: 'Next' },
            ],
          },
        ],
      }),
    press: (customId) => {
      if (customId === 'echo:bad') throw new CommandProblem('That page is gone.');
      return Promise.resolve({ embeds: [{ title: `page ${customId.slice(5)}` }] });
    },
  }).command;

  test('of a command replaces the whole message', async () => {
    const world = await worldWith([paged]);
    const [message] = (await world.discord.interact({ command: 'echo' })).messages;
    const seen = await world.discord.interact({ button: 'echo:2', message });
    assert.equal(seen.acknowledged, 'deferred-update');
    const [now] = seen.messages;
    assert.deepEqual(
      [now.id, now.content, now.embeds, now.components, now.files],
      [message.id, '', [{ title: 'page 2' }], [], []],
    );
  });

  test('that fails leaves the message and tells who pressed it', async () => {
    const world = await worldWith([paged]);
    const [message] = (await world.discord.interact({ command: 'echo' })).messages;
    const seen = await world.discord.interact({ button: 'echo:bad', message });
    assert.deepEqual(
      seen.messages.map(({ content, flags }) => [content, flags]),
      [
        ['page 1', 0],
        ['That page is gone.', MessageFlags.Ephemeral],
      ],
    );
    const unknown = await world.discord.interact({ button: 'gone:1', message });
    assert.match(unknown.messages.at(-1)?.content ?? '', /no longer exists or has changed/);
  });
});

describe('while a user types', () => {
  const choices = (count: number): { name: string; value: string }[] =>
    Array.from({ length: count }, (_, n) => ({ name: `choice ${n}`, value: String(n) }));

  test('choices come from the command, at most 25, without those that Discord would refuse', async () => {
    const { command } = echo({
      complete: (option, typed) => [
        { name: `${option} ${typed}`, value: 'x' },
        { name: 'n'.repeat(101), value: 'long' },
        ...choices(40),
      ],
    });
    const world = await worldWith([command]);
    const seen = await world.discord.interact({ autocomplete: 'echo', focused: 'text', options: { text: 'nor' } });
    assert.deepEqual([seen.choices.length, seen.choices[0]], [25, { name: 'text nor', value: 'x' }]);
    assert.ok(!seen.choices.some(({ value }) => value === 'long'));
  });

  test('a fault gives no choices, and is logged', async () => {
    const { command } = echo({
      complete: () => {
        throw new Error('no directory');
      },
    });
    const world = await worldWith([command]);
    const seen = await world.discord.interact({ autocomplete: 'echo', focused: 'text', options: { text: 'nor' } });
    assert.deepEqual([seen.acknowledged, seen.choices], ['choices', []]);
    assert.ok(world.logged(/the completion of \/echo failed/));
  });
});
