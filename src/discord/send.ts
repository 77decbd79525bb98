import { Routes } from 'discord.js';
import type { Send, SendResult } from '../delivery/index.js';
import type { Logger } from '../observability/index.js';
import { createApi, type Answer, type ApiOptions } from './api.js';
import { renderMessage, renderReduced } from './message.js';
import { explainRefusal, tokenRefused } from './refusal.js';

export interface DiscordSendOptions extends ApiOptions {
  readonly channelId: string;
  readonly logger: Logger;
}

/**
 * Tells one channel over REST alone: that works while the gateway is down, and a bot without commands has nothing to hear from it.
 * Every message has its nonce, for a request that ended unanswered may have been taken.
 */
export function createDiscordSend({ channelId, logger, ...options }: DiscordSendOptions): Send {
  const api = createApi(options);
  const route = Routes.channelMessages(channelId);

  /** One 401 may be a hiccup; two are the token. */
  const afterUnauthorized = async (signal: AbortSignal): Promise<SendResult> => {
    const { kind } = await api.get(Routes.user(), signal);
    if (kind === 'unauthorized') return { kind: 'gone', reason: tokenRefused };
    return { kind: 'retry', afterMs: null, reason: 'Discord answered HTTP 401 to a token it still takes' };
  };

  return async (event, signal) => {
    let answer = await api.post(route, renderMessage(event, channelId), signal);
    if (isAboutTheMessage(answer)) {
      logger.error({ event: event.id, status: answer.status, code: answer.code }, `Discord refuses the message, sending its text alone: ${answer.message}`);
      answer = await api.post(route, renderReduced(event, channelId), signal);
    }
    switch (answer.kind) {
      case 'ok':
        return sentOf(answer.body);
      case 'rate-limited':
        return { kind: 'retry', afterMs: answer.afterMs, reason: 'rate limited by Discord' };
      case 'unreachable':
        return { kind: 'retry', afterMs: null, reason: answer.reason };
      case 'unauthorized':
        return afterUnauthorized(signal);
      case 'refused':
        return { kind: 'gone', reason: explainRefusal(answer, channelId) };
    }
  };
}

/** 403 and 404 speak of the channel and of us; any other refusal (50035, 40005, 200000, 240000) of what we wrote. */
function isAboutTheMessage(answer: Answer): answer is Extract<Answer, { kind: 'refused' }> {
  return answer.kind === 'refused' && answer.status !== 403 && answer.status !== 404;
}

function sentOf(body: unknown): SendResult {
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : null;
  if (typeof id === 'string') return { kind: 'sent', messageId: id };
  // A proxy's page with status 200 is not Discord's message.
  return { kind: 'retry', afterMs: null, reason: 'an answer that is not a Discord message' };
}
