import { MessageFlags, type RESTPostAPIChannelMessageJSONBody } from 'discord.js';
import type { UploadedFile } from './rest/multipart.js';
import { isThread, type World } from './world.js';

export type Embed = NonNullable<RESTPostAPIChannelMessageJSONBody['embeds']>[number];

/** The fields of a request's body that become part of the message. */
export interface MessageBody {
  readonly content?: string | null;
  readonly embeds?: readonly Embed[] | null;
  readonly nonce?: string;
  readonly enforce_nonce?: boolean;
  readonly allowed_mentions?: {
    readonly parse?: readonly string[];
    readonly roles?: readonly string[];
    readonly users?: readonly string[];
    readonly replied_user?: boolean;
  };
  readonly message_reference?:
    undefined | { readonly message_id: string; readonly fail_if_not_exists?: boolean; readonly channel_id?: string };
  readonly components?: readonly unknown[];
  readonly flags?: number;
  readonly attachments?: readonly { readonly id: string; readonly filename?: string; readonly description?: string }[];
}

export interface Attachment {
  readonly id: string;
  readonly filename: string;
  /** The alt text. */
  readonly description: string | null;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** A message as it is now: an edit changes the fields that its body names. Fields that no body named are absent. */
export interface Message extends MessageBody {
  readonly id: string;
  readonly channelId: string;
  readonly authorId: string;
  /** Unix ms. */
  readonly createdAt: number;
  editedAt: number | null;
  content?: string | null;
  embeds?: readonly Embed[] | null;
  components?: readonly unknown[];
  flags: number;
  files: readonly Attachment[];
  /** The body of each edit, in order. */
  readonly edits: MessageBody[];
  deleted: boolean;
}

export interface NewMessage {
  readonly channelId: string;
  readonly authorId: string;
  readonly body: MessageBody;
  readonly files: readonly UploadedFile[];
}

export function createMessage(world: World, { channelId, authorId, body, files }: NewMessage): Message {
  return {
    ...body,
    id: world.ids.next(),
    channelId,
    authorId,
    createdAt: world.now(),
    editedAt: null,
    flags: body.flags ?? 0,
    files: attach(world, body, files),
    edits: [],
    deleted: false,
  };
}

/**
 * Changes the fields that the body names; null and an empty list clear a field. A body with `attachments` removes every
 * attachment that it does not list.
 */
export function editMessage(world: World, message: Message, body: MessageBody, files: readonly UploadedFile[]): void {
  if (body.content !== undefined) message.content = body.content;
  if (body.embeds !== undefined) message.embeds = body.embeds;
  if (body.components !== undefined) message.components = body.components;
  if (body.flags !== undefined) message.flags = body.flags;
  const kept =
    body.attachments === undefined
      ? message.files
      : message.files.filter(({ id }) => body.attachments!.some((listed) => listed.id === id));
  message.files = [...kept, ...attach(world, body, files)];
  message.editedAt = world.now();
  message.edits.push(body);
}

function attach(world: World, body: MessageBody, files: readonly UploadedFile[]): Attachment[] {
  return files.map(({ index, filename, contentType, bytes }) => {
    const listed = body.attachments?.find(({ id }) => id === index);
    return {
      id: world.ids.next(),
      filename: listed?.filename ?? filename,
      description: listed?.description ?? null,
      contentType,
      bytes,
    };
  });
}

/** The message object of the documentation. */
export function wireMessage(world: World, message: Message): Record<string, unknown> {
  const {
    id,
    channelId,
    authorId,
    createdAt,
    editedAt,
    content,
    embeds,
    components,
    flags,
    nonce,
    message_reference: reference,
  } = message;
  const author = world.users.get(authorId)!;
  const channel = world.channels.get(channelId);
  const replied =
    reference === undefined
      ? undefined
      : world.messages.get(channelId)?.find((other) => other.id === reference.message_id);
  return {
    id,
    channel_id: channelId,
    type: reference === undefined ? 0 : 19,
    author: {
      id: author.id,
      username: author.username,
      discriminator: '0',
      global_name: null,
      avatar: null,
      bot: author.bot,
    },
    content: content ?? '',
    embeds: (embeds ?? []).map((embed) => ({ type: 'rich', ...embed })),
    components: components ?? [],
    attachments: message.files.map((file) => ({
      id: file.id,
      filename: file.filename,
      ...(file.description !== null && { description: file.description }),
      content_type: file.contentType,
      size: file.bytes.length,
      url: `https://cdn.discordapp.com/attachments/${channelId}/${file.id}/${file.filename}`,
      proxy_url: `https://media.discordapp.net/attachments/${channelId}/${file.id}/${file.filename}`,
    })),
    mentions: [],
    mention_roles: [...(content ?? '').matchAll(/<@&(\d+)>/g)].map(([, role]) => role),
    mention_everyone: false,
    pinned: false,
    tts: false,
    timestamp: new Date(createdAt).toISOString(),
    edited_timestamp: editedAt === null ? null : new Date(editedAt).toISOString(),
    flags,
    ...(nonce !== undefined && { nonce }),
    ...(reference !== undefined && {
      message_reference: {
        type: 0,
        channel_id: channelId,
        guild_id: channel?.guildId ?? undefined,
        message_id: reference.message_id,
      },
      referenced_message: replied === undefined ? null : wireMessage(world, replied),
    }),
    ...(channel !== undefined && isThread(channel) && { position: 0 }),
  };
}

export const isEphemeral = ({ flags }: { readonly flags?: number }): boolean =>
  ((flags ?? 0) & MessageFlags.Ephemeral) !== 0;
