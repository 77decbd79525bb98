import type { CoreEvent } from '../../../core/events.js';
import type { Pipeline, TickResult } from '../../../core/pipeline.js';
import { secondMs, type UnixMillis } from '../../../core/time.js';
import type { Clock } from '../../../edges/clock.js';
import type { Logger } from '../../../edges/observability/index.js';
import { isSameRegistry, type Registry } from '../../registry/registry-refresh.js';

/** How far event time may run ahead of our own clock, so that one wrong clock moves nothing. */
const aheadMs = 2 * secondMs;
const slowMs = secondMs;

export interface TicksOptions {
  readonly pipeline: Pipeline;
  /** The registry that the pipeline was made with. */
  readonly registry: Registry;
  /** The newest one; it takes over as soon as the core can change to it. */
  readonly newestRegistry: () => Registry | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onTick: (result: TickResult) => void;
}

/** Tells the core what happened and what time it is, and hands on what its ticks gave. */
export class Ticks {
  readonly #options: TicksOptions;
  #registry: Registry;
  /** The registry that was handed to the core last. */
  #handedOver: Registry;
  #firstAt: UnixMillis | null = null;
  #lastAt: UnixMillis | null = null;

  constructor(options: TicksOptions) {
    this.#options = options;
    this.#registry = options.registry;
    this.#handedOver = options.registry;
  }

  /** The registry that the last tick was measured with. */
  get registry(): Registry {
    return this.#registry;
  }

  /** null before the first tick. */
  get firstAt(): UnixMillis | null {
    return this.#firstAt;
  }

  get lastAt(): UnixMillis | null {
    return this.#lastAt;
  }

  /** Passes the event on, and takes the tick that event time has reached with it. */
  handle(event: CoreEvent): void {
    const { pipeline, clock, logger } = this.#options;
    if (event.kind === 'rows') this.#followRegistry();
    pipeline.handle(event);
    if (event.kind !== 'rows') return;
    const startedAt = clock.now();
    for (const result of pipeline.advance(startedAt + aheadMs)) {
      this.#note(result);
      this.#options.onTick(result);
      const tookMs = clock.now() - startedAt;
      if (tookMs > slowMs) logger.warn({ tookMs }, 'a tick took long');
    }
  }

  #followRegistry(): void {
    const newest = this.#options.newestRegistry();
    if (newest === null || newest === this.#handedOver || isSameRegistry(newest, this.#handedOver)) return;
    this.#handedOver = newest;
    this.#options.pipeline.handle({ kind: 'registry', map: newest.map });
  }

  #note({ at, moved }: TickResult): void {
    this.#firstAt ??= at;
    this.#lastAt = at;
    if (moved === null) return;
    this.#options.logger.info(
      { from: this.#registry.file, to: this.#handedOver.file, countriesMoved: moved.length },
      'another registry is in use',
    );
    this.#registry = this.#handedOver;
  }
}
