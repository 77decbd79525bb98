import type { Clock } from '../../edges/clock.js';
import type { Logger } from '../../edges/observability/index.js';
import { withDeadline } from '../../edges/waiting/index.js';

/** No stop may take longer than this, whatever hangs. */
const stopWithinMs = 8_000;

/** What was started, in its order; stopping runs it backwards. */
export class Lifecycle {
  readonly #stops: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** To be called right after what `stop` undoes. */
  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop });
  }

  /** A part that fails to stop, or hangs, does not keep the others from it. */
  stop(): Promise<void> {
    return withDeadline(this.#clock, stopWithinMs, (deadline) => this.#stopUntil(deadline));
  }

  async #stopUntil(deadline: AbortSignal): Promise<void> {
    const late = new Promise<'late'>((resolve) => {
      deadline.addEventListener('abort', () => resolve('late'), { once: true });
    });
    for (const { name, stop } of this.#stops.splice(0).reverse()) {
      const stopped = Promise.resolve()
        .then(stop)
        .catch((error: unknown) => this.#logger.error({ err: error, part: name }, 'failed to stop'));
      if ((await Promise.race([stopped, late])) === 'late') this.#logger.error({ part: name }, 'did not stop in time');
    }
  }
}
