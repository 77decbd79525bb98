import type { Clock } from '../../../../src/edges/clock.js';
import { InteractionResponseType as Type, InteractionType } from 'discord.js';
import { noContent, ok, Refusal, type Answer } from '../rest/answer.js';
import type { Gateway } from './gateway.js';
import { placeOf, wireInteraction } from './interaction-payload.js';
import { seenOf, type Choice, type Interaction, type Seen, type Use } from './interaction.js';
import { checkLimits, isEmpty } from '../rest/limits.js';
import { createMessage, editMessage, isEphemeral, wireMessage, type Message, type MessageBody } from '../message.js';
import type { Messages } from '../rest/messages.js';
import type { UploadedFile } from '../rest/multipart.js';
import type { Call, Route } from '../rest/rest.js';
import type { World } from '../world.js';

/**
 * Limits of the documentation, Receiving and Responding: time to the first answer, life of the token, choices, and
 * follow-ups without the bot.
 */
const limits = { answerMs: 3000, tokenMs: 900_000, choices: 25, followUpsOfUserInstall: 5 } as const;

/** Uses of the bot by users, and its answers. */
export class Interactions {
  readonly #byToken = new Map<string, Interaction>();
  /** Cancels the waits that are under way. */
  readonly #waits = new Set<() => void>();

  constructor(
    readonly world: World,
    readonly gateway: Gateway,
    readonly messages: Messages,
    readonly clock: Clock,
  ) {}

  get routes(): Route[] {
    const webhook = '/webhooks/:application/:token';
    return [
      ['POST', '/interactions/:interaction/:token/callback', (call) => this.#callback(call)],
      ['POST', webhook, (call) => this.#followUp(call)],
      ['GET', `${webhook}/messages/:message`, (call) => ok(wireMessage(this.world, this.#message(call)))],
      ['PATCH', `${webhook}/messages/:message`, (call) => this.#edit(call)],
      ['DELETE', `${webhook}/messages/:message`, (call) => this.#delete(call)],
    ];
  }

  /**
   * A user uses the bot. Resolves when there is something to see: an answer (after "is thinking..." the message that
   * replaces it), or that no answer came in time. Later changes show in the same object.
   */
  use(use: Use): Promise<Seen> {
    const [id, token] = [this.world.ids.next(), `token-${this.world.ids.next()}`];
    const { channel } = placeOf(this.world, use);
    const data = wireInteraction(this.world, use, { id, token });
    return new Promise((resolve) => {
      const interaction: Interaction = {
        id,
        token,
        createdAt: this.world.now(),
        channelId: channel.id,
        kind:
          data.type === InteractionType.MessageComponent
            ? 'component'
            : data.type === InteractionType.ApplicationCommand
              ? 'command'
              : 'autocomplete',
        installedBy: use.installedBy ?? 'guild',
        inGuild: channel.guildId !== null,
        source: 'message' in use ? use.message : null,
        acknowledged: null,
        afterMs: null,
        ephemeral: false,
        original: null,
        followUps: [],
        choices: [],
        settle: () => {
          for (const cancel of cancels) cancel();
          resolve(seenOf(interaction));
        },
      };
      const cancels = [
        this.#after(limits.answerMs, () => interaction.acknowledged === null && interaction.settle()),
        this.#after(limits.tokenMs, () => interaction.settle()),
      ];
      this.#byToken.set(token, interaction);
      this.gateway.dispatch('INTERACTION_CREATE', data);
    });
  }

  /** Ends all waits for answers. */
  stop(): void {
    for (const cancel of this.#waits) cancel();
  }

  #after(ms: number, fn: () => void): () => void {
    const cancel = this.clock.after(ms, () => {
      this.#waits.delete(stop);
      fn();
    });
    const stop = (): void => {
      this.#waits.delete(stop);
      cancel();
    };
    this.#waits.add(stop);
    return stop;
  }

  #callback({ params, query, json, files }: Call): Answer {
    const interaction = this.#byToken.get(params.token);
    const age = interaction === undefined ? 0 : this.world.now() - interaction.createdAt;
    if (interaction?.id !== params.interaction) throw new Refusal(10062);
    if (interaction.acknowledged !== null) throw new Refusal(40060);
    if (age > limits.answerMs) throw new Refusal(10062);
    const { type, data = {} } = json as {
      readonly type: Type;
      readonly data?: MessageBody & { readonly choices?: readonly Choice[] };
    };
    const acknowledge = (kind: Seen['acknowledged']): void => {
      interaction.acknowledged = kind;
      interaction.afterMs = age;
      interaction.ephemeral = isEphemeral(data);
    };
    this.#checkKind(interaction, type);
    switch (type) {
      case Type.ChannelMessageWithSource:
        checkLimits(data, files);
        if (isEmpty(data, files.length)) throw new Refusal(50006);
        interaction.original = this.#create(interaction, data, files);
        acknowledge('reply');
        interaction.settle();
        break;
      case Type.DeferredChannelMessageWithSource:
        acknowledge('thinking');
        break;
      case Type.DeferredMessageUpdate:
        interaction.original = interaction.source;
        acknowledge('deferred-update');
        break;
      case Type.UpdateMessage:
        checkLimits(data, files);
        interaction.original = interaction.source;
        editMessage(this.world, interaction.source!, data, files);
        acknowledge('update');
        interaction.settle();
        break;
      default:
        if ((data.choices ?? []).length > limits.choices) {
          throw new Refusal(50035, [
            {
              path: ['data', 'choices'],
              code: 'BASE_TYPE_MAX_LENGTH',
              message: `Must be ${limits.choices} or fewer in length.`,
            },
          ]);
        }
        interaction.choices = data.choices ?? [];
        acknowledge('choices');
        interaction.settle();
    }
    return query.get('with_response') === 'true' ? ok(this.#callbackResponse(interaction, type)) : noContent;
  }

  #checkKind({ kind }: Interaction, type: Type): void {
    const updates = type === Type.DeferredMessageUpdate || type === Type.UpdateMessage;
    const fits =
      type === Type.ApplicationCommandAutocompleteResult
        ? kind === 'autocomplete'
        : kind === 'component' || (kind === 'command' && !updates);
    if (!fits)
      throw new Refusal(50035, [
        {
          path: ['type'],
          code: 'INTERACTION_APPLICATION_COMMAND_INVALID_RESPONSE_TYPE',
          message: 'Invalid response type',
        },
      ]);
  }

  #callbackResponse({ id, kind, original, ephemeral, acknowledged }: Interaction, type: Type): Record<string, unknown> {
    const types = {
      command: InteractionType.ApplicationCommand,
      autocomplete: InteractionType.ApplicationCommandAutocomplete,
      component: InteractionType.MessageComponent,
    };
    return {
      interaction: {
        id,
        type: types[kind],
        response_message_ephemeral: ephemeral,
        response_message_loading: acknowledged === 'thinking',
        ...(original !== null && { response_message_id: original.id }),
      },
      ...(acknowledged !== 'choices' && {
        resource: { type, ...(original !== null && { message: wireMessage(this.world, original) }) },
      }),
    };
  }

  /** The interaction of this token. Refuses a token before the first answer and after the token's life. */
  #find({ params }: Call): Interaction {
    const interaction = this.#byToken.get(params.token);
    if (params.application !== this.world.application.id || interaction === undefined) throw new Refusal(50027);
    if (interaction.acknowledged === null) throw new Refusal(10015);
    if (this.world.now() - interaction.createdAt > limits.tokenMs) throw new Refusal(50027);
    return interaction;
  }

  #message(call: Call): Message {
    const interaction = this.#find(call);
    const known = [interaction.original, ...interaction.followUps].filter(
      (message) => message !== null && !message.deleted,
    );
    const message =
      call.params.message === '@original'
        ? interaction.original
        : known.find((candidate) => candidate?.id === call.params.message);
    if (message === undefined || message === null || message.deleted) throw new Refusal(10008);
    return message;
  }

  #followUp(call: Call): Answer {
    const interaction = this.#find(call);
    const body = call.json as MessageBody;
    // The first follow-up after "is thinking..." counts as its edit.
    if (interaction.acknowledged === 'thinking' && interaction.original === null) {
      return this.#edit({ ...call, params: { ...call.params, message: '@original' } });
    }
    checkLimits(body, call.files);
    if (isEmpty(body, call.files.length)) throw new Refusal(50006);
    if (interaction.installedBy === 'user' && interaction.followUps.length >= limits.followUpsOfUserInstall)
      throw new Refusal(40094);
    const message = this.#create(interaction, body, call.files);
    interaction.followUps.push(message);
    if (interaction.acknowledged === 'deferred-update' || interaction.original?.deleted === true) interaction.settle();
    return ok(wireMessage(this.world, message));
  }

  #edit(call: Call): Answer {
    const interaction = this.#find(call);
    const body = call.json as MessageBody;
    checkLimits(body, call.files);
    const thinking =
      call.params.message === '@original' && interaction.acknowledged === 'thinking' && interaction.original === null;
    if (thinking) {
      if (isEmpty(body, call.files.length)) throw new Refusal(50006);
      // The bot decided whether the message is ephemeral when it began to think.
      interaction.original = this.#create(
        interaction,
        { ...body, flags: ((body.flags ?? 0) & ~64) | (interaction.ephemeral ? 64 : 0) },
        call.files,
      );
      interaction.settle();
      return ok(wireMessage(this.world, interaction.original));
    }
    const message = this.#message(call);
    if (isEmpty({ ...message, ...body }, call.files.length + (body.attachments ?? message.files).length))
      throw new Refusal(50006);
    editMessage(this.world, message, body, call.files);
    if (interaction.acknowledged === 'deferred-update') interaction.settle();
    return ok(wireMessage(this.world, message));
  }

  #delete(call: Call): Answer {
    const interaction = this.#find(call);
    if (
      call.params.message === '@original' &&
      interaction.acknowledged === 'thinking' &&
      interaction.original === null
    ) {
      // "is thinking..." is a message already. Without it, a later edit would have nothing to edit.
      interaction.original = {
        ...createMessage(this.world, {
          channelId: interaction.channelId,
          authorId: this.world.bot.id,
          body: {},
          files: [],
        }),
        deleted: true,
      };
      return noContent;
    }
    const message = this.#message(call);
    this.messages.remove(message);
    return noContent;
  }

  /** A message that only the user sees is not one of the channel's messages. */
  #create({ channelId }: Interaction, body: MessageBody, files: readonly UploadedFile[]): Message {
    const message = createMessage(this.world, { channelId, authorId: this.world.bot.id, body, files });
    if (!isEphemeral(message)) this.messages.add(message);
    return message;
  }
}
