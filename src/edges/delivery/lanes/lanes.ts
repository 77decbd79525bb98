import type { BackOff } from '../../waiting/index.js';
import { probeDelay } from '../delays.js';
import type { Owed, Priority } from '../ports.js';
import type { UnixMillis } from '../../../core/time.js';

/** A channel that is owed something: when it may be served. The store has the rows themselves. */
export interface Lane {
  readonly channelId: string;
  /** Of its first row, as far as is known. */
  priority: Priority;
  /** Of its first row. The oldest is served first among equal priorities. */
  owedAt: UnixMillis;
  /** A message is under way. */
  busy: boolean;
  /** Rows were added since its rows were last read. */
  grown: boolean;
  /** The row that was last read was the last one. */
  drained: boolean;
  /** Not to be served before. */
  notBefore: UnixMillis;
  failures: number;
  refusals: number;
  /** Why the bot may not write there, and since when; null if it may. */
  closed: { readonly reason: string; readonly since: UnixMillis } | null;
  /**
   * The message at `position` may be in the channel already, because an attempt that began at `since` or later ended
   * without an answer, or with the process. The last such attempt ended at `lastAt`. null: nothing is in doubt.
   */
  doubt: { readonly position: number; readonly since: UnixMillis; readonly lastAt: UnixMillis } | null;
}

/** Which channel is served next. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  #underWay = 0;

  /** A channel is owed this row. */
  add({ channelId, priority, owedAt }: Owed): Lane {
    const known = this.#lanes.get(channelId);
    if (known !== undefined) {
      known.grown = true;
      // Rows are told in order, so an alert behind a recovery lifts the whole lane.
      if (priority < known.priority) known.priority = priority;
      return known;
    }
    const lane: Lane = {
      channelId,
      priority,
      owedAt,
      busy: false,
      grown: true,
      drained: false,
      notBefore: -Infinity,
      failures: 0,
      refusals: 0,
      closed: null,
      doubt: null,
    };
    this.#lanes.set(channelId, lane);
    return lane;
  }

  get(channelId: string): Lane | undefined {
    return this.#lanes.get(channelId);
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Since when the oldest row waits, without those of closed channels. */
  get waitingSince(): UnixMillis | null {
    let oldest: UnixMillis | null = null;
    for (const { closed, owedAt } of this.#lanes.values())
      if (closed === null && (oldest === null || owedAt < oldest)) oldest = owedAt;
    return oldest;
  }

  get closed(): Lane[] {
    return [...this.#lanes.values()].filter(({ closed }) => closed !== null);
  }

  /** The lane to serve now; else when one may be served (Infinity: no lane waits for a time). */
  next(now: UnixMillis): Lane | { readonly at: number } {
    let best: Lane | null = null;
    let at = Infinity;
    for (const lane of this.#lanes.values()) {
      if (lane.busy) continue;
      if (lane.notBefore > now) at = Math.min(at, lane.notBefore);
      else if (
        best === null ||
        lane.priority < best.priority ||
        (lane.priority === best.priority && lane.owedAt < best.owedAt)
      )
        best = lane;
    }
    return best ?? { at };
  }

  begin(lane: Lane): void {
    lane.busy = true;
    this.#underWay++;
  }

  end(lane: Lane): void {
    lane.busy = false;
    this.#underWay--;
    if (lane.drained && !lane.grown) this.#lanes.delete(lane.channelId);
  }
}

export function isLane(next: Lane | { readonly at: number }): next is Lane {
  return 'channelId' in next;
}

/** The first row was told or passed over. The next one has this priority and age. */
export function served(lane: Lane, { priority, owedAt }: Pick<Owed, 'priority' | 'owedAt'>): void {
  Object.assign(lane, { priority, owedAt, notBefore: -Infinity, failures: 0, refusals: 0, closed: null, doubt: null });
}

/** Serves the lane again after `afterMs`, or after its own back-off. */
export function postpone(lane: Lane, now: UnixMillis, afterMs: number | null, backOff: BackOff): void {
  if (afterMs === null) lane.failures++;
  lane.notBefore = now + (afterMs ?? backOff(lane.failures));
}

/** The bot may not write there: it tries again at longer and longer intervals, and never gives up. */
export function close(lane: Lane, now: UnixMillis, reason: string): void {
  lane.refusals++;
  lane.closed = { reason, since: lane.closed?.since ?? now };
  lane.notBefore = now + probeDelay(lane.refusals);
}

/** Something about the channel changed, so it is tried again at once. */
export function reopen(lane: Lane): void {
  lane.refusals = 0;
  lane.notBefore = -Infinity;
}
