import { ChannelType, MessageFlags } from 'discord.js';
import { noContent, ok, rateLimitAnswer, Refusal, type Answer } from './answer.js';
import { checkLimits, isEmpty } from './limits.js';
import { createMessage, editMessage, wireMessage, type Message, type MessageBody } from '../message.js';
import { channelPermissions, sendingIn } from '../permissions.js';
import type { Call, Route } from './rest.js';
import { compareIds } from '../snowflake.js';
import { bits, isThread, type Channel, type PermissionName, type World } from '../world.js';

/**
 * How many edits a channel accepts in this window for messages older than an hour. Observed; no documentation gives it.
 */
const oldEdits = { olderThanMs: 3_600_000, count: 3, windowMs: 20_000 } as const;

/** The messages of channels: who may read and write them, and what Discord keeps. */
export class Messages {
  /** Every message that a bot's POST put into a channel, in order, including messages deleted later. */
  readonly posted: Message[] = [];
  /** By channel and nonce the message, for as long as Discord remembers the nonce. */
  readonly #nonces = new Map<string, { readonly message: Message; readonly until: number }>();
  readonly #oldEdits = new Map<string, number[]>();

  constructor(
    readonly world: World,
    readonly nonceMs: number,
  ) {}

  get routes(): Route[] {
    const list = '/channels/:channel/messages';
    return [
      ['GET', list, (call) => this.#list(call)],
      ['POST', list, (call) => this.#post(call)],
      [
        'GET',
        `${list}/:message`,
        (call) => ok(wireMessage(this.world, this.#find(call, 'ReadMessageHistory').message)),
      ],
      ['PATCH', `${list}/:message`, (call) => this.#edit(call)],
      ['DELETE', `${list}/:message`, (call) => this.#delete(call)],
      ['POST', `${list}/:message/crosspost`, (call) => this.#crosspost(call)],
    ];
  }

  forgetNonces(): void {
    this.#nonces.clear();
  }

  /** Puts a message into the channel without any check. */
  add(message: Message): void {
    const { messages } = this.world;
    messages.set(message.channelId, [...(messages.get(message.channelId) ?? []), message]);
  }

  remove(message: Message): void {
    message.deleted = true;
    const { messages } = this.world;
    messages.set(
      message.channelId,
      (messages.get(message.channelId) ?? []).filter((other) => other !== message),
    );
  }

  #post({ params, json, files }: Call): Answer {
    const channel = visibleChannel(this.world, params.channel);
    const body = json as MessageBody;
    this.#checkWritable(channel);
    checkLimits(body, files);
    if (isEmpty(body, files.length)) throw new Refusal(50006);
    const may = channelPermissions(this.world, channel, this.world.bot.id);
    if ((body.embeds ?? []).length > 0) need(may, 'EmbedLinks');
    if (files.length > 0) need(may, 'AttachFiles');

    const key = `${channel.id} ${body.nonce ?? ''}`;
    const known = body.enforce_nonce === true && body.nonce !== undefined ? this.#nonces.get(key) : undefined;
    if (known !== undefined && known.until > this.world.now()) return ok(wireMessage(this.world, known.message));

    const reference = this.#referenceOf(channel, body, may);
    const message = createMessage(this.world, {
      channelId: channel.id,
      authorId: this.world.bot.id,
      body: { ...body, message_reference: reference },
      files,
    });
    this.add(message);
    this.posted.push(message);
    if (body.nonce !== undefined) this.#nonces.set(key, { message, until: this.world.now() + this.nonceMs });
    return ok(wireMessage(this.world, message));
  }

  /** The message replied to; undefined if it is gone and the reply may go without it (fail_if_not_exists: false). */
  #referenceOf(
    channel: Channel,
    { message_reference: reference }: MessageBody,
    may: bigint,
  ): MessageBody['message_reference'] {
    if (reference === undefined) return undefined;
    if ((may & bits('ReadMessageHistory')) === 0n) throw new Refusal(160002);
    if (this.world.messages.get(channel.id)?.some(({ id }) => id === reference.message_id) === true) return reference;
    if (reference.fail_if_not_exists === false) return undefined;
    throw new Refusal(50035, [
      { path: ['message_reference'], code: 'REPLIES_UNKNOWN_MESSAGE', message: 'Unknown message' },
    ]);
  }

  #checkWritable(channel: Channel): void {
    const { world } = this;
    if (channel.guildId === null) return;
    if (
      ![ChannelType.GuildText, ChannelType.GuildAnnouncement, ChannelType.GuildVoice].includes(channel.type) &&
      !isThread(channel)
    )
      throw new Refusal(50008);
    const may = channelPermissions(world, channel, world.bot.id);
    if ((may & sendingIn(channel)) === 0n) throw new Refusal(50013);
    const manages = (may & bits('ManageThreads')) !== 0n;
    if (channel.locked && !manages) throw new Refusal(160005);
    // A message reopens an archived thread unless the thread is locked.
    if (channel.archived) channel.archived = false;
  }

  /** Without Read Message History Discord answers with an empty list, not with an error. */
  #list({ params, query }: Call): Answer {
    const channel = visibleChannel(this.world, params.channel);
    const may = channelPermissions(this.world, channel, this.world.bot.id);
    if ((may & bits('ReadMessageHistory')) === 0n) return ok([]);
    const limit = Number(query.get('limit') ?? 50);
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
      throw new Refusal(50035, [
        { path: ['limit'], code: 'NUMBER_TYPE_MAX', message: 'int value should be less than or equal to 100.' },
      ]);
    }
    const all = this.world.messages.get(channel.id) ?? [];
    const [before, after, around] = ['before', 'after', 'around'].map((key) => query.get(key));
    let chosen: readonly Message[];
    if (around !== null) {
      const half = Math.floor(limit / 2);
      const older = all.filter(({ id }) => compareIds(id, around) < 0).slice(-half);
      const newer = all.filter(({ id }) => compareIds(id, around) > 0).slice(0, half);
      chosen = [...older, ...all.filter(({ id }) => id === around), ...newer];
    } else if (after !== null) chosen = all.filter(({ id }) => compareIds(id, after) > 0).slice(0, limit);
    else chosen = all.filter(({ id }) => before === null || compareIds(id, before) < 0).slice(-limit);
    return ok([...chosen].reverse().map((message) => wireMessage(this.world, message)));
  }

  #find(
    { params }: Call,
    ...permissions: readonly PermissionName[]
  ): { readonly channel: Channel; readonly message: Message } {
    const channel = visibleChannel(this.world, params.channel);
    for (const name of permissions) need(channelPermissions(this.world, channel, this.world.bot.id), name);
    const message = this.world.messages.get(channel.id)?.find(({ id }) => id === params.message);
    if (message === undefined) throw new Refusal(10008);
    return { channel, message };
  }

  #edit(call: Call): Answer {
    const { channel, message } = this.#find(call);
    const body = call.json as MessageBody;
    if (message.authorId !== this.world.bot.id) throw new Refusal(50005);
    // Archived threads cannot be changed, and only a moderator can reopen a locked one.
    if (channel.archived) throw new Refusal(50083);
    checkLimits(body, call.files);
    const may = channelPermissions(this.world, channel, this.world.bot.id);
    if (call.files.length > 0) need(may, 'AttachFiles');
    if (isEmpty({ ...message, ...body }, call.files.length + (body.attachments ?? message.files).length))
      throw new Refusal(50006);
    const now = this.world.now();
    if (now - message.createdAt > oldEdits.olderThanMs) {
      const recent = (this.#oldEdits.get(channel.id) ?? []).filter((at) => now - at < oldEdits.windowMs);
      if (recent.length >= oldEdits.count)
        return rateLimitAnswer((recent[0] + oldEdits.windowMs - now) / 1000, 'user', 30046);
      this.#oldEdits.set(channel.id, [...recent, now]);
    }
    editMessage(this.world, message, body, call.files);
    return ok(wireMessage(this.world, message));
  }

  #delete(call: Call): Answer {
    const { channel, message } = this.#find(call);
    if (message.authorId !== this.world.bot.id)
      need(channelPermissions(this.world, channel, this.world.bot.id), 'ManageMessages');
    this.remove(message);
    return noContent;
  }

  /** A bot's own message needs Send Messages; another's needs Manage Messages as well. */
  #crosspost(call: Call): Answer {
    const { channel, message } = this.#find(call, 'SendMessages');
    if (channel.type !== ChannelType.GuildAnnouncement) throw new Refusal(50024);
    if (message.authorId !== this.world.bot.id)
      need(channelPermissions(this.world, channel, this.world.bot.id), 'ManageMessages');
    if ((message.flags & MessageFlags.Crossposted) !== 0) throw new Refusal(40033);
    message.flags |= MessageFlags.Crossposted;
    return ok(wireMessage(this.world, message));
  }
}

export function visibleChannel(world: World, id: string): Channel {
  const channel = world.channels.get(id);
  if (channel === undefined) throw new Refusal(10003);
  if ((channelPermissions(world, channel, world.bot.id) & bits('ViewChannel')) === 0n) throw new Refusal(50001);
  return channel;
}

function need(may: bigint, name: PermissionName): void {
  if ((may & bits(name)) === 0n) throw new Refusal(50013);
}
