import { RESTJSONErrorCodes as Code, Routes } from 'discord.js';
import type { Message, Send, SendResult } from '../../delivery/index.js';
import type { Logger } from '../../observability/index.js';
import type { LookUpChannel } from '../rest/access.js';
import { createApi, type Answer, type ApiOptions } from '../rest/api.js';
import type { Charts, DrawnChart } from './charts.js';
import { searchHistory } from '../rest/find.js';
import { formIn, lesserForm, mayIn, showsChart } from './form.js';
import { marksOf, renderEdit, renderMessage, renderReduced, type Form } from './message.js';
import { explainRefusal, kindOfRefusal, tokenRefused, type Refusal } from '../rest/refusal.js';

export interface DiscordSendOptions extends ApiOptions {
  readonly lookUpChannel: LookUpChannel;
  readonly charts: Charts;
  readonly logger: Logger;
}

const switchedOff: number = Code.FeatureTemporarilyDisabledServerSide;

type Retry = Extract<SendResult, { kind: 'retry' }>;

/**
 * Speaks to channels over REST alone, which works while the gateway is down. Every post has its nonce, for one that
 * ended unanswered may have been taken.
 */
export function createDiscordSend({ lookUpChannel, charts, logger, ...options }: DiscordSendOptions): Send {
  const api = createApi(options);
  const { clock } = options;
  let ownId: string | null = null;

  const chartOf = async (message: Message): Promise<DrawnChart | null> => {
    if (message.kind !== 'alert') return null;
    // The end's own chart, drawn once for its message and for this.
    if (message.end !== null) return charts.ofEvent(message.end, 0, message.end.at);
    return charts.ofEvent(message.event, message.revision, message.revision === 0 ? message.event.at : clock.now());
  };

  const formFor = async (channelId: string, message: Message): Promise<Form> => {
    const access = lookUpChannel(channelId);
    return formIn(access, showsChart(access) ? await chartOf(message) : null, message);
  };

  const retryAfter = async (
    answer: Exclude<Answer, { kind: 'ok' | 'refused' }>,
    signal: AbortSignal,
  ): Promise<Retry> => {
    switch (answer.kind) {
      case 'rate-limited': {
        const reason = answer.global ? 'the whole bot is rate limited by Discord' : 'rate limited by Discord';
        return {
          kind: 'retry',
          afterMs: answer.afterMs,
          scope: answer.global ? 'everywhere' : 'channel',
          maybeTaken: false,
          reason,
        };
      }
      case 'unreachable':
        return {
          kind: 'retry',
          afterMs: null,
          scope: 'everywhere',
          maybeTaken: answer.maybeTaken,
          reason: answer.reason,
        };
      case 'unauthorized': {
        // One 401 may be a hiccup; two are the token.
        const { kind } = await api.get(Routes.user(), signal);
        const of401 = { kind: 'retry', afterMs: null, maybeTaken: false } as const;
        if (kind === 'ok')
          return { ...of401, scope: 'channel', reason: 'Discord answered HTTP 401 to a token it still takes' };
        const reason =
          kind === 'unauthorized' ? tokenRefused : 'Discord answered HTTP 401, and cannot be asked about the token';
        return { ...of401, scope: 'everywhere', reason };
      }
    }
  };

  const afterRefusal = (refusal: Refusal, channelId: string): SendResult => {
    const kind = kindOfRefusal(refusal);
    const reason = explainRefusal(refusal, channelId);
    if (kind === 'passing') return { kind: 'retry', afterMs: null, scope: 'channel', maybeTaken: false, reason };
    return { kind: kind === 'the-message' ? 'refused' : kind, reason };
  };

  const resultOf = async (answer: Answer, channelId: string, signal: AbortSignal): Promise<SendResult> => {
    if (answer.kind === 'refused') return afterRefusal(answer, channelId);
    return answer.kind === 'ok' ? sentOf(answer.body) : retryAfter(answer, signal);
  };

  const postReduced = async (
    channelId: string,
    message: Message,
    refusal: Refusal,
    signal: AbortSignal,
  ): Promise<SendResult> => {
    const { status, code } = refusal;
    logger.error(
      { channelId, mark: marksOf(message)[0], status, code },
      `Discord refuses the message, sending its text alone: ${refusal.message}`,
    );
    const answer = await api.post(Routes.channelMessages(channelId), renderReduced(message, channelId), signal);
    const isOff = answer.kind === 'refused' && answer.code === switchedOff;
    if (isOff)
      return {
        kind: 'retry',
        afterMs: null,
        scope: 'channel',
        maybeTaken: false,
        reason: explainRefusal(answer, channelId),
      };
    const result = await resultOf(answer, channelId, signal);
    if (result.kind === 'refused')
      logger.error({ channelId, mark: marksOf(message)[0] }, `Discord refuses its text as well: ${result.reason}`);
    return result;
  };

  /** The bot's user id, asked for once. */
  const findOwnId = async (signal: AbortSignal): Promise<string | Retry> => {
    if (ownId !== null) return ownId;
    const answer = await api.get(Routes.user(), signal);
    if (answer.kind === 'ok') ownId = idIn(answer.body);
    if (ownId !== null) return ownId;
    if (answer.kind === 'ok' || answer.kind === 'refused') {
      return {
        kind: 'retry',
        afterMs: null,
        scope: 'everywhere',
        maybeTaken: false,
        reason: 'Discord does not say who the bot is',
      };
    }
    return retryAfter(answer, signal);
  };

  return {
    async post(channelId, message, signal) {
      let form = await formFor(channelId, message);
      for (;;) {
        const { body, files } = renderMessage(message, channelId, form);
        const answer = await api.post(Routes.channelMessages(channelId), body, signal, files);
        const lesser = answer.kind === 'refused' ? lesserForm(form, answer.code) : null;
        if (lesser !== null) form = lesser;
        else if (answer.kind === 'refused' && kindOfRefusal(answer) === 'the-message')
          return postReduced(channelId, message, answer, signal);
        else return resultOf(answer, channelId, signal);
      }
    },

    async find(channelId, message, since, signal) {
      const access = lookUpChannel(channelId);
      if (!mayIn(access, 'ReadMessageHistory') || !mayIn(access, 'EmbedLinks')) return { kind: 'unknown' };
      const authorId = await findOwnId(signal);
      if (typeof authorId !== 'string') return authorId;
      const search = await searchHistory(
        api,
        { channelId, authorId, marks: marksOf(message), since, mayRead: access !== null },
        signal,
      );
      return search.kind === 'failed' ? { ...(await retryAfter(search.answer, signal)), maybeTaken: false } : search;
    },

    async edit(channelId, messageId, message, signal) {
      const edit = renderEdit(message, await formFor(channelId, message));
      if (edit === null) return false;
      const answer = await api.patch(Routes.channelMessage(channelId, messageId), edit.body, signal, edit.files);
      return answer.kind === 'ok';
    },

    async crosspost(channelId, messageId, signal) {
      if (lookUpChannel(channelId)?.kind !== 'announcement') return false;
      const answer = await api.post(Routes.channelMessageCrosspost(channelId, messageId), undefined, signal);
      return answer.kind === 'ok';
    },
  };
}

function sentOf(body: unknown): SendResult {
  const messageId = idIn(body);
  if (messageId !== null) return { kind: 'sent', messageId };
  // A proxy's page with status 200 is not Discord's message.
  return {
    kind: 'retry',
    afterMs: null,
    scope: 'everywhere',
    maybeTaken: true,
    reason: 'an answer that is not a Discord message',
  };
}

function idIn(body: unknown): string | null {
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : null;
  return typeof id === 'string' ? id : null;
}
