/** The users of the loopback Discord, with discord.js's own client. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import {
  ChannelType,
  Client,
  Events,
  GatewayIntentBits,
  MessageFlags,
  SlashCommandBuilder,
  type Interaction,
} from 'discord.js';
import { DiscordServer } from '../../support/discord/server.js';
import { bits } from '../../support/discord/world.js';
import { FakeClock } from '../../support/clocks/fake-clock.js';

const channelId = '200000000000000001';
const guildId = '300000000000000001';
const clock = new FakeClock(Date.UTC(2026, 0, 1));

const discord = new DiscordServer({ clock });
let client: Client;
/** What the bot does with the next interaction. */
let answer: (interaction: Interaction) => Promise<unknown>;
/** The result of that. */
let answered: Promise<unknown>;

describe('the loopback Discord: interactions', () => {
  before(async () => {
    await discord.start();
    client = new Client({ intents: GatewayIntentBits.Guilds, rest: { api: discord.apiUrl } });
    client.on(Events.InteractionCreate, (interaction) => {
      answered = answer(interaction);
      answered.catch(() => undefined);
    });
    const ready = once(client, Events.ClientReady);
    await client.login('good-token');
    await ready;
    await client.application!.commands.set([
      new SlashCommandBuilder()
        .setName('status')
        .setDescription('How it is')
        .addStringOption((option) =>
          option.setName('country').setDescription('Which').setRequired(true).setAutocomplete(true),
        )
        .addIntegerOption((option) => option.setName('days').setDescription('How many')),
      new SlashCommandBuilder()
        .setName('watch')
        .setDescription('Watched countries')
        .setDefaultMemberPermissions(bits('ManageGuild'))
        .addSubcommand((command) =>
          command
            .setName('add')
            .setDescription('One more')
            .addChannelOption((option) => option.setName('channel').setDescription('Where'))
            .addRoleOption((option) => option.setName('mention').setDescription('Whom')),
        ),
    ]);
  });
  after(async () => {
    await client.destroy();
    await discord.stop();
  });
  beforeEach(() => void (answer = (): Promise<unknown> => Promise.reject(new Error('not expected'))));
  afterEach(() => answered);

  describe('a command', () => {
    test('is answered at once', async () => {
      answer = async (interaction) =>
        interaction.isChatInputCommand() &&
        interaction.reply(
          `${interaction.options.getString('country', true)} ${interaction.options.getInteger('days')}`,
        );
      const seen = await discord.interact({ command: 'status', options: { country: 'KP', days: 7 } });
      assert.deepEqual(
        [seen.acknowledged, seen.ephemeral, seen.afterMs, seen.messages.map(({ content }) => content)],
        ['reply', false, 0, ['KP 7']],
      );
      assert.deepEqual(discord.posted, [], 'it is no post');
      assert.equal(discord.world.messages.get(channelId)?.at(-1)?.content, 'KP 7', 'but stands in the channel');
    });

    test('is thought about, answered, edited and followed up', async () => {
      answer = async (interaction) => {
        if (!interaction.isChatInputCommand()) return;
        await interaction.deferReply({ flags: MessageFlags.Ephemeral });
        clock.jump(5000);
        await interaction.editReply({
          content: 'soon',
          files: [{ attachment: Buffer.from('png'), name: 'chart.png', description: 'two lines' }],
        });
        await interaction.editReply('now');
        await interaction.followUp('and then');
      };
      const seen = await discord.interact({ command: 'status', options: { country: 'KP' } });
      await answered;
      assert.deepEqual([seen.acknowledged, seen.ephemeral, seen.afterMs], ['thinking', true, 0]);
      assert.deepEqual(
        seen.messages.map(({ content, files }) => [content, files.map(({ description }) => description)]),
        [
          ['now', ['two lines']],
          ['and then', []],
        ],
      );
      assert.notEqual(
        discord.world.messages.get(channelId)?.at(-1)?.content,
        'now',
        'ephemeral messages stand in no channel',
      );
    });

    test(
      'with a subcommand brings its channel and its role, the permissions of both sides, and who installed the ' +
        'bot',
      async () => {
        const thread = discord.world.addThread(channelId);
        const role = discord.world.addRole(guildId, { name: 'desk' });
        answer = async (interaction) => {
          if (!interaction.isChatInputCommand()) return;
          assert.equal(interaction.options.getSubcommand(), 'add');
          assert.equal(interaction.options.getChannel('channel')?.type, ChannelType.PublicThread);
          assert.equal(interaction.options.getRole('mention')?.name, 'desk');
          assert.ok(interaction.memberPermissions?.has('ManageGuild'));
          assert.ok(interaction.appPermissions.has('EmbedLinks') && interaction.inCachedGuild());
          assert.equal(interaction.authorizingIntegrationOwners.guildId, guildId);
          assert.equal(interaction.locale, 'de');
          await interaction.reply('ok');
        };
        await discord.interact({
          command: 'watch add',
          options: { channel: { channel: thread.id }, mention: { role: role.id } },
          memberPermissions: bits('ManageGuild'),
          locale: 'de',
        });
        await answered;
      },
    );

    test('is used in direct messages and in other places', async () => {
      const contexts: unknown[] = [];
      answer = async (interaction) => {
        const { guildId: byGuild, userId: byUser } = interaction.authorizingIntegrationOwners;
        contexts.push([interaction.context, interaction.guildId, byGuild, byUser]);
        if (interaction.isRepliable()) await interaction.reply('ok');
      };
      for (const place of ['bot-dm', 'private'] as const)
        await discord.interact({ command: 'status', options: { country: 'KP' }, place });
      assert.deepEqual(contexts, [
        [1, null, '0', null],
        [2, null, null, discord.world.user.id],
      ]);
    });

    test('cannot be used if it is not registered or has no such option', () => {
      assert.throws(() => void discord.interact({ command: 'stat' }), /not registered/);
      assert.throws(() => void discord.interact({ command: 'status' }), /needs country/);
      assert.throws(
        () => void discord.interact({ command: 'status', options: { country: 'KP', day: 1 } }),
        /no option day/,
      );
    });
  });

  describe('time', () => {
    test('is up after three seconds: the user sees a failure, and the answer is refused', async () => {
      answer = async (interaction) => {
        if (!interaction.isChatInputCommand()) return;
        clock.jump(3001);
        await assert.rejects(interaction.reply('too late'), { code: 10062 });
      };
      const seen = await discord.interact({ command: 'status', options: { country: 'KP' } });
      await answered;
      assert.deepEqual([seen.acknowledged, seen.messages], ['none', []]);
    });

    test('is up for edits after fifteen minutes', async () => {
      answer = async (interaction) => {
        if (!interaction.isChatInputCommand()) return;
        await interaction.deferReply();
        clock.jump(15 * 60_000 + 1);
        await assert.rejects(interaction.editReply('too late'), { code: 50027 });
      };
      const seen = await discord.interact({ command: 'status', options: { country: 'KP' } });
      await answered;
      assert.deepEqual([seen.acknowledged, seen.messages], ['thinking', []]);
    });
  });

  test('a second answer is refused', async () => {
    answer = async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.reply('one');
      const body = { type: 4, data: { content: 'two' } };
      await assert.rejects(
        client.rest.post(`/interactions/${interaction.id}/${interaction.token}/callback`, { body, auth: false }),
        { code: 40060 },
      );
    };
    await discord.interact({ command: 'status', options: { country: 'KP' } });
    await answered;
  });

  test('autocomplete shows the choices for what is typed', async () => {
    answer = async (interaction) =>
      interaction.isAutocomplete() && interaction.respond([{ name: interaction.options.getFocused(), value: 'KP' }]);
    const seen = await discord.interact({ autocomplete: 'status', focused: 'country', options: { country: 'nor' } });
    assert.deepEqual([seen.acknowledged, seen.choices], ['choices', [{ name: 'nor', value: 'KP' }]]);
  });

  describe('a button', () => {
    const page = { type: 1, components: [{ type: 2, style: 2, label: 'Next', custom_id: 'page:2' }] };
    const withButton = async (): Promise<Awaited<ReturnType<DiscordServer['interact']>>> => {
      answer = async (interaction) =>
        interaction.isRepliable() && interaction.reply({ content: 'page 1', components: [page] });
      return discord.interact({ command: 'status', options: { country: 'KP' } });
    };

    test('updates its message', async () => {
      const [message] = (await withButton()).messages;
      answer = async (interaction) =>
        interaction.isButton() && interaction.update({ content: interaction.customId, components: [] });
      const seen = await discord.interact({ button: 'page:2', message });
      assert.equal(seen.acknowledged, 'update');
      assert.deepEqual([message.content, message.components], ['page:2', []]);
    });

    test('or updates it later', async () => {
      const [message] = (await withButton()).messages;
      answer = async (interaction) => {
        if (!interaction.isButton()) return;
        await interaction.deferUpdate();
        await interaction.editReply('page 2');
      };
      const seen = await discord.interact({ button: 'page:2', message });
      assert.deepEqual([seen.acknowledged, message.content], ['deferred-update', 'page 2']);
    });
  });
});
