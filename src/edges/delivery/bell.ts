import type { Clock } from '../clock.js';

/** Wakes who waits: one who waits at a time. A ring that nobody waited for wakes the next at once. */
export interface Bell {
  ring(): void;
  /** Resolves after `ms` (Infinity: never by itself), or at a ring. */
  wait(ms: number): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  let rung = false;
  let waiting: (() => void) | null = null;
  return {
    ring() {
      rung = true;
      waiting?.();
    },
    async wait(ms) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const cancel = Number.isFinite(ms) ? clock.after(ms, resolve) : () => undefined;
          waiting = () => {
            cancel();
            resolve();
          };
        });
      }
      waiting = null;
      rung = false;
    },
  };
}
