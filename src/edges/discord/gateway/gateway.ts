import { GatewayCloseCodes, Routes, type APIGatewayBotInfo, type Client } from 'discord.js';
import type { Logger } from '../../observability/index.js';
import { backOff } from '../../waiting/index.js';
import type { LookUpChannel } from '../rest/access.js';
import { createApi, type ApiOptions } from '../rest/api.js';
import type { Command, CommandDeps } from '../commands/parts/command.js';
import { createHealthRecord, type GatewayHealth } from './gateway-health.js';
import { openSession, type SessionEnd } from './gateway-session.js';
import { createIdentifyBudget, identifiesAnHour } from './identify-budget.js';
import { answerInteractions, type CommandOutcome } from './interactions.js';
import { createKnownChannels, type ChannelListeners } from '../rest/known-channels.js';
import { tokenRefused } from '../rest/refusal.js';
import { minuteMs, secondMs } from '../../../core/time.js';

/** What only an operator can mend is looked at again so often. */
const probeMs = 5 * minuteMs;
/** A session that held so long was no flapping one. */
const steadyMs = 5 * minuteMs;
const longSteadyMs = 60 * minuteMs;
/** Of the 1000 sessions a day that Discord allows so many are left for the operator's own restarts. */
const sessionsKept = 50;
const tokenRefusedCode: number = GatewayCloseCodes.AuthenticationFailed;

export interface GatewayOptions extends ApiOptions, ChannelListeners {
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly commands: readonly Command[];
  readonly deps: Omit<CommandDeps, 'lookUpChannel'>;
  /** What the operator must know, in a sentence or two. */
  readonly onNotice: (text: string) => void;
  readonly onCommand: (command: string, outcome: CommandOutcome, seconds: number) => void;
}

export type GatewayEnd =
  | { readonly kind: 'stopped' }
  /** At the first login: trying again will not help. */
  | { readonly kind: 'token-refused'; readonly reason: string };

export interface Gateway {
  /** Keeps a session until `signal`, however often it is lost. Resolves with why it ended. */
  run(signal: AbortSignal): Promise<GatewayEnd>;
  health(): GatewayHealth;
  /** IDENTIFYs sent, whether they led to a session or not. */
  identifiesLastHour(): number;
  readonly lookUpChannel: LookUpChannel;
}

type Leave =
  | { readonly kind: 'granted' }
  | { readonly kind: 'token-refused' }
  /** Ask again after so long; null: after one's own back-off. */
  | { readonly kind: 'wait'; readonly afterMs: number | null; readonly reason: string };

/**
 * The bot's ear: one session with Discord's gateway at a time, each asked for with our own patience and not
 * discord.js's.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { token, apiUrl, clock, random, logger, onNotice } = options;
  const api = createApi(options);
  const retryDelay = backOff({ firstMs: secondMs, mostMs: minuteMs, random });
  const health = createHealthRecord(clock.now());
  const budget = createIdentifyBudget();
  const channels = createKnownChannels(options);
  const deps = { ...options.deps, lookUpChannel: channels.lookUp };

  const down = (reason: string): void => {
    if (health.down(reason, clock.now())) logger.warn(`Discord's gateway: ${reason}`);
  };

  /** Whether Discord would take an IDENTIFY now. */
  const askLeave = async (signal: AbortSignal): Promise<Leave> => {
    const answer = await api.get(Routes.gatewayBot(), signal);
    switch (answer.kind) {
      case 'ok':
        return leaveOf(answer.body);
      case 'rate-limited':
        return { kind: 'wait', afterMs: answer.afterMs, reason: 'rate limited by Discord' };
      case 'unauthorized':
        return isTokenRefused(signal);
      case 'refused':
        return {
          kind: 'wait',
          afterMs: probeMs,
          reason: `Discord refuses (HTTP ${answer.status}, code ${answer.code}): ${answer.message}`,
        };
      case 'unreachable':
        return { kind: 'wait', afterMs: null, reason: answer.reason };
    }
  };

  /** One refusal may be a hiccup; two are the token. */
  const isTokenRefused = async (signal: AbortSignal): Promise<Leave> => {
    const { kind } = await api.get(Routes.user(), signal);
    if (kind === 'unauthorized') return { kind: 'token-refused' };
    return { kind: 'wait', afterMs: null, reason: 'Discord refused a token that it takes' };
  };

  /** One session from its IDENTIFY to its end; how long it was up. */
  const hold = async (signal: AbortSignal): Promise<{ readonly end: SessionEnd; readonly heldMs: number }> => {
    const session = openSession({
      token,
      apiUrl,
      clock,
      logger,
      onIdentify: () => budget.spend(clock.now()),
      onUp: () => {
        if (health.up(clock.now())) logger.info("connected to Discord's gateway");
      },
      onDown: down,
      onHeartbeat: () => health.acknowledged(clock.now()),
      onHeartbeatInterval: (ms) => health.beatsEvery(ms),
    });
    listen(session.client, signal);
    const stop = (): void => session.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const end = await session.ended;
    signal.removeEventListener('abort', stop);
    return { end, heldMs: session.heldMs() };
  };

  const listen = (client: Client, signal: AbortSignal): void => {
    channels.follow(client);
    answerInteractions(client, { ...options, deps, channels, signal });
  };

  /** Told once for each trouble, not for each probe of it. */
  let noticed: string | null = null;
  const trouble = (reason: string): void => {
    down(reason);
    if (noticed === reason) return;
    noticed = reason;
    onNotice(`${reason}. Commands are not answered meanwhile; alerts go on where they can.`);
  };

  return {
    health: () => health.health(clock.now()),
    identifiesLastHour: () => budget.lastHour(clock.now()),
    lookUpChannel: channels.lookUp,

    async run(signal) {
      let failures = 0;
      let wasUp = false;
      while (!signal.aborted) {
        const leave = await askLeave(signal);
        if (leave.kind === 'token-refused' && !wasUp) {
          down(tokenRefused);
          return { kind: 'token-refused', reason: tokenRefused };
        }
        if (leave.kind !== 'granted') {
          if (leave.kind === 'token-refused') trouble(tokenRefused);
          else down(leave.reason);
          await clock.sleep(leave.kind === 'wait' ? (leave.afterMs ?? retryDelay(++failures)) : probeMs, signal);
          continue;
        }
        const pauseMs = budget.pause(clock.now());
        if (pauseMs !== null) {
          trouble(
            `${identifiesAnHour} sessions with Discord in an hour came to nothing, so none is asked for in the ` +
              `next ${pauseMs / minuteMs} minutes`,
          );
          await clock.sleep(pauseMs, signal);
          noticed = null;
          continue;
        }
        const spacingMs = budget.spacing(clock.now());
        if (spacingMs > 0) await clock.sleep(spacingMs, signal);
        const { end, heldMs } = await hold(signal);
        if (heldMs > 0) {
          wasUp = true;
          noticed = null;
        }
        if (heldMs >= longSteadyMs) budget.forgive();
        failures = heldMs >= steadyMs ? 1 : failures + 1;
        if (end.kind === 'refused' && end.code !== tokenRefusedCode) {
          trouble(explainRefusedSession(end.code));
          await clock.sleep(probeMs, signal);
          continue;
        }
        if (end.kind !== 'stopped')
          down(end.kind === 'lost' ? end.reason : 'Discord refused the token at the gateway (4004)');
        await clock.sleep(retryDelay(failures), signal);
      }
      return { kind: 'stopped' };
    },
  };
}

function leaveOf(body: unknown): Leave {
  const { url, session_start_limit: limit } = body as Partial<APIGatewayBotInfo>;
  if (typeof url !== 'string' || !/^wss?:\/\//.test(url) || limit === undefined) {
    return { kind: 'wait', afterMs: null, reason: "an answer that is not Discord's (is DISCORD_API_URL right?)" };
  }
  if (limit.remaining > sessionsKept) return { kind: 'granted' };
  return {
    kind: 'wait',
    afterMs: Math.max(minuteMs, limit.reset_after),
    reason:
      `Discord allows ${limit.total} sessions a day, and ${limit.remaining} are left: the next is asked for ` +
      'when the day is over',
  };
}

/** What only an operator can mend, by close code; 4004 is asked again over REST. */
const refusals = new Map<number, string>([
  [
    GatewayCloseCodes.DisallowedIntents,
    'Discord does not allow the bot the intent Guilds, the only one it asks for (4014): look at Bot, ' +
      'Privileged Gateway Intents, at discord.com/developers/applications',
  ],
  [
    GatewayCloseCodes.InvalidIntents,
    "Discord knows no intent Guilds (4013): this version of the bot is too old, or DISCORD_API_URL is not Discord's",
  ],
  [GatewayCloseCodes.ShardingRequired, 'the bot is in more servers than one connection serves (4011; 2500 servers)'],
]);

function explainRefusedSession(code: number): string {
  return refusals.get(code) ?? `Discord's gateway will not have this version of the bot (code ${code})`;
}
