import {
  Client,
  GatewayCloseCodes,
  GatewayIntentBits,
  SimpleShardingStrategy,
  type WebSocketOptions,
} from 'discord.js';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../observability/index.js';
import { cachePolicy } from './caches.js';
import { minuteMs, secondMs } from '../../../core/time.js';

/**
 * discord.js resumes after half a second, for ever: more losses than this within `lossWindowMs`, and the session is
 * given up.
 */
const mostLosses = 3;
const lossWindowMs = minuteMs;
/**
 * Until a client counts as ready though a server is away: what arrives before waits so long, and an interaction lives 3
 * s.
 */
const waitGuildsMs = 2 * secondMs;
/** After these Discord takes no other attempt either (its documentation, Gateway Close Event Codes). */
const finalCodes: readonly number[] = [
  GatewayCloseCodes.AuthenticationFailed,
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.ShardingRequired,
  GatewayCloseCodes.InvalidAPIVersion,
  GatewayCloseCodes.InvalidIntents,
  GatewayCloseCodes.DisallowedIntents,
];

export type SessionEnd =
  /** Discord will not have us like this: the close code says why. */
  | { readonly kind: 'refused'; readonly code: number }
  /** Worth another session, later. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'stopped' };

export interface SessionOptions {
  readonly token: string;
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** An IDENTIFY goes out. */
  readonly onIdentify: () => void;
  /** READY or RESUMED. */
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
  readonly onHeartbeat: () => void;
  readonly onHeartbeatInterval: (ms: number) => void;
}

export interface Session {
  readonly client: Client;
  readonly ended: Promise<SessionEnd>;
  /** Since it was first up; 0: it never was. */
  heldMs(): number;
  stop(): void;
}

/** discord.js exports an older enum over the one with these names, so they stand here as text. */
interface ShardEvents {
  readonly closed: { readonly code: number };
  readonly debug: { readonly message: string };
  readonly error: { readonly error: Error };
  readonly heartbeat: object;
  readonly hello: object;
  readonly ready: object;
  readonly resumed: object;
}
interface ShardEmitter {
  on<E extends keyof ShardEvents>(event: E, listener: (payload: ShardEvents[E]) => void): void;
  emit(event: string, ...args: readonly unknown[]): boolean;
}

/**
 * One client and one session with the gateway. discord.js may resume it; where it would ask for a new one, or comes
 * back too often, the session ends instead, so that every IDENTIFY but the first is the caller's decision.
 */
export function openSession({ token, apiUrl, clock, logger, ...on }: SessionOptions): Session {
  let end: (end: SessionEnd) => void = () => undefined;
  const ended = new Promise<SessionEnd>((resolve) => {
    end = (how) => {
      if (over) return;
      over = true;
      resolve(how);
      // A socket that is being dialled has nobody to hear its error once the client is destroyed: that waits until it
      // is open or closed.
      if (phase !== 'dialling') destroy();
    };
  });
  let over = false;
  let phase: 'idle' | 'dialling' | 'open' = 'idle';
  let resumable = false;
  let upAt: number | null = null;
  let trouble: string | null = null;
  const losses: number[] = [];

  const destroy = (): void => {
    client.destroy().catch((error: unknown) => logger.debug({ err: error }, 'a Discord client could not be closed'));
  };

  const lost = (code: number): void => {
    const reason = trouble ?? `Discord closed it (${describeClose(code)})`;
    trouble = null;
    if (finalCodes.includes(code)) {
      end({ kind: 'refused', code });
      return;
    }
    const now = clock.now();
    losses.push(now);
    while (losses[0] <= now - lossWindowMs) losses.shift();
    on.onDown(reason);
    if (!resumable || losses.length > mostLosses) end({ kind: 'lost', reason });
  };

  const buildStrategy: WebSocketOptions['buildStrategy'] = (manager) => {
    const { options } = manager;
    const retrieveSessionInfo = options.retrieveSessionInfo.bind(options);
    const updateSessionInfo = options.updateSessionInfo.bind(options);
    // What discord.js is about when a client is destroyed between two connections it goes on with; here it stops for
    // good.
    options.retrieveSessionInfo = (shard) => {
      if (over) return new Promise(() => undefined);
      if (phase === 'idle') phase = 'dialling';
      return retrieveSessionInfo(shard);
    };
    options.updateSessionInfo = async (shard, info) => {
      await updateSessionInfo(shard, info);
      resumable = info !== null;
      if (!resumable && !over) {
        const reason = trouble ?? 'Discord ended the session';
        on.onDown(reason);
        end({ kind: 'lost', reason });
      }
    };
    const shard = manager as unknown as ShardEmitter;
    // What throws on an event, in discord.js as well as in a listener of ours, would be an unhandled rejection of the
    // socket's.
    const emit = shard.emit.bind(shard);
    shard.emit = (...event) => {
      try {
        return emit(...event);
      } catch (error) {
        logger.error({ err: error }, 'a Discord event could not be read');
        return true;
      }
    };
    shard.on('hello', () => {
      phase = 'open';
      if (over) destroy();
    });
    shard.on('closed', ({ code }) => {
      phase = 'idle';
      if (over) destroy();
      else lost(code);
    });
    const up = (): void => {
      if (over) return;
      trouble = null;
      upAt ??= clock.now();
      on.onUp();
    };
    shard.on('ready', up);
    shard.on('resumed', up);
    shard.on('heartbeat', () => {
      if (!over) on.onHeartbeat();
    });
    shard.on('error', ({ error }) => {
      trouble = `Discord's gateway cannot be reached: ${error.message}`;
    });
    shard.on('debug', ({ message }) => {
      logger.trace(message);
      if (over) return;
      // The only place that tells the interval: exactly with the first beat; before, by the part of it that is waited
      // for that beat.
      const [, part, waitMs] = /jitter of ([\d.]+); waiting (\d+)ms/.exec(message) ?? [];
      if (Number(part) > 0) on.onHeartbeatInterval((Number(waitMs) + 1) / Number(part));
      const exact = /starting to beat every (\d+)ms/.exec(message);
      if (exact !== null) on.onHeartbeatInterval(Number(exact[1]));
      if (message.startsWith('Failed to connect')) trouble = "Discord's gateway cannot be reached";
    });
    return new SimpleShardingStrategy(manager);
  };

  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    rest: { api: apiUrl, version: '10', retries: 1 },
    allowedMentions: { parse: [] },
    ...cachePolicy,
    waitGuildTimeout: waitGuildsMs,
    ws: {
      buildStrategy,
      buildIdentifyThrottler: () => ({
        waitForIdentify: async () => {
          if (over) await new Promise(() => undefined);
          on.onIdentify();
        },
      }),
    },
  });
  client.on('error', (error) => logger.error({ err: error }, 'a fault in what a Discord event set off'));
  client.on('warn', (message) => logger.warn(message));
  client
    .login(token)
    .catch((error: unknown) =>
      end({
        kind: 'lost',
        reason: `no session with Discord: ${error instanceof Error ? error.message : String(error)}`,
      }),
    );
  return {
    client,
    ended,
    heldMs: () => (upAt === null ? 0 : Math.max(1, clock.now() - upAt)),
    stop: () => end({ kind: 'stopped' }),
  };
}

function describeClose(code: number): string {
  const name = (GatewayCloseCodes as Record<number, string | undefined>)[code];
  return name === undefined
    ? `code ${code}`
    : `code ${code}, ${name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase()}`;
}
