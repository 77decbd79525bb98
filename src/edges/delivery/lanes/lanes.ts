import type { BackOff } from '../../waiting/index.js';
import { probeDelay } from '../delays.js';
import type { Owed, Priority } from '../ports.js';
import type { UnixMillis } from '../../../core/time.js';

/**
 * A channel's queue as delivery holds it in memory: the store knows what is in it, this knows when it may be served.
 */
export interface Lane {
  readonly channelId: string;
  /** Of what it is owed first, as far as is known. */
  priority: Priority;
  /** Order among equals. */
  owedAt: UnixMillis;
  /** A message of it is under way: one at a time. */
  busy: boolean;
  /** More is owed than was when it was last read. */
  grown: boolean;
  /** Nothing more was owed when it was last read. */
  drained: boolean;
  /** Not to be served before. */
  notBefore: UnixMillis;
  failures: number;
  refusals: number;
  /** Why it is closed to us, and since when; null while it is not. */
  closed: { readonly reason: string; readonly since: UnixMillis } | null;
  /**
   * The message at `position` may stand in the channel already: an attempt that began at `since` or later ended without
   * an answer, or with our process; the last such attempt ended at `lastAt`. null: nothing is in doubt.
   */
  doubt: { readonly position: number; readonly since: UnixMillis; readonly lastAt: UnixMillis } | null;
}

/** Which channel is served next. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  #underWay = 0;

  /** A channel is owed something; where it is not served yet, that is what it hears next. */
  add({ channelId, priority, owedAt }: Owed): Lane {
    const known = this.#lanes.get(channelId);
    if (known !== undefined) {
      known.grown = true;
      // An alert behind a recovery lifts the whole queue: it can only be reached through it.
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

  /** Since when the oldest message waits, those of closed channels left out. */
  get waitingSince(): UnixMillis | null {
    let oldest: UnixMillis | null = null;
    for (const { closed, owedAt } of this.#lanes.values())
      if (closed === null && (oldest === null || owedAt < oldest)) oldest = owedAt;
    return oldest;
  }

  get closed(): Lane[] {
    return [...this.#lanes.values()].filter(({ closed }) => closed !== null);
  }

  /** The channel to serve now; else when one may be (Infinity: none waits for time alone). */
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

/** The channel's first message was taken, or is not to be told. */
export function served(lane: Lane, { priority, owedAt }: Pick<Owed, 'priority' | 'owedAt'>): void {
  Object.assign(lane, { priority, owedAt, notBefore: -Infinity, failures: 0, refusals: 0, closed: null, doubt: null });
}

/** Not now: after `afterMs`, or after the channel's own back-off. */
export function postpone(lane: Lane, now: UnixMillis, afterMs: number | null, backOff: BackOff): void {
  if (afterMs === null) lane.failures++;
  lane.notBefore = now + (afterMs ?? backOff(lane.failures));
}

/** Closed to us: probed at 5 min, 30 min, 2 h, then daily. Never given up. */
export function close(lane: Lane, now: UnixMillis, reason: string): void {
  lane.refusals++;
  lane.closed = { reason, since: lane.closed?.since ?? now };
  lane.notBefore = now + probeDelay(lane.refusals);
}

/** Something about the channel changed: it is worth asking at once. */
export function reopen(lane: Lane): void {
  lane.refusals = 0;
  lane.notBefore = -Infinity;
}
