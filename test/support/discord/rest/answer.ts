import { RESTJSONErrorCodes as Code } from 'discord.js';

export interface Answer {
  readonly status: number;
  /** undefined: no body (204). */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const noContent: Answer = { status: 204 };

/** Status and text by error code (documentation: Opcodes and Status Codes, JSON). */
const refusals = new Map<number, readonly [status: number, message: string]>([
  [0, [404, '404: Not Found']],
  [Code.UnknownChannel, [404, 'Unknown Channel']],
  [Code.UnknownGuild, [404, 'Unknown Guild']],
  [Code.UnknownMessage, [404, 'Unknown Message']],
  [Code.UnknownUser, [404, 'Unknown User']],
  [Code.UnknownWebhook, [404, 'Unknown Webhook']],
  [Code.UnknownInteraction, [404, 'Unknown interaction']],
  [Code.UnknownApplicationCommand, [404, 'Unknown application command']],
  [
    Code.MaximumNumberOfEditsToMessagesOlderThanOneHourReached,
    [429, 'Maximum number of edits to messages older than 1 hour reached. Try again later.'],
  ],
  [Code.RequestEntityTooLarge, [413, 'Request entity too large']],
  [Code.ThisMessageWasAlreadyCrossposted, [400, 'This message has already been crossposted']],
  [Code.InteractionHasAlreadyBeenAcknowledged, [400, 'Interaction has already been acknowledged.']],
  [
    Code.NotAuthorizedToPerformThisActionOnThisApplication,
    [403, 'You are not authorized to perform this action on this application'],
  ],
  [Code.MissingAccess, [403, 'Missing Access']],
  [Code.CannotEditMessageAuthoredByAnotherUser, [403, 'Cannot edit a message authored by another user']],
  [
    Code.ThisInteractionHasHitTheMaximumNumberOfFollowUpMessages,
    [400, 'This interaction has hit the maximum number of follow-up messages'],
  ],
  [Code.CannotSendAnEmptyMessage, [400, 'Cannot send an empty message']],
  [Code.CannotSendMessagesToThisUser, [403, 'Cannot send messages to this user']],
  [Code.CannotSendMessagesInNonTextChannel, [400, 'Cannot send messages in a non-text channel']],
  [Code.MissingPermissions, [403, 'Missing Permissions']],
  [Code.InvalidWebhookToken, [401, 'Invalid Webhook Token']],
  [Code.CannotExecuteActionOnThisChannelType, [400, 'Cannot execute action on this channel type']],
  [Code.InvalidFormBodyOrContentType, [400, 'Invalid Form Body']],
  [Code.InvalidMessageType, [400, 'Invalid message type']],
  [Code.InvalidActionOnArchivedThread, [400, 'Thread is archived']],
  [Code.ThreadLocked, [403, 'Thread is locked']],
  [
    Code.CannotReplyWithoutPermissionToReadMessageHistory,
    [400, 'Cannot reply without permission to read message history'],
  ],
]);

/** By place in the body (`embeds/0/title`): code and text. */
export interface FormError {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** Discord refuses the request. Routes throw it; it becomes an error of the documented shape. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(
    readonly code: number,
    errors: readonly FormError[] = [],
  ) {
    const [status, message] = refusals.get(code) ?? [400, `error ${code}`];
    super(message);
    this.answer = { status, body: { message, code, ...(errors.length > 0 && { errors: treeOf(errors) }) } };
  }
}

/** An error that a test scripted. Its status need not be the usual one of the code. */
export function errorAnswer(status: number, code: number): Answer {
  if (status === 401 && code === 0) return { status, body: { message: '401: Unauthorized', code } };
  return { status, body: { message: refusals.get(code)?.[1] ?? `${status}: error`, code } };
}

/** The documentation's "Rate Limits": a header in seconds, and the same in the body. */
export function rateLimitAnswer(seconds: number, scope: 'user' | 'global' | 'shared', code = 0): Answer {
  const global = scope === 'global';
  return {
    status: 429,
    body: { message: 'You are being rate limited.', retry_after: seconds, global, ...(code !== 0 && { code }) },
    headers: {
      'retry-after': String(seconds),
      'x-ratelimit-scope': scope,
      ...(global && { 'x-ratelimit-global': 'true' }),
    },
  };
}

type Tree = Record<string, unknown>;

function treeOf(errors: readonly FormError[]): Tree {
  const root: Tree = {};
  for (const { path, code, message } of errors) {
    let node = root;
    for (const step of path) node = (node[step] ??= {}) as Tree;
    ((node._errors ??= []) as unknown[]).push({ code, message });
  }
  return root;
}
