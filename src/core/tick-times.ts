import type { ElemBatch, EventTime } from './bgp/index.js';
import { tickMs, type UnixMillis } from './time.js';

/**
 * Where the pipeline's time comes from.
 *
 * rows: event time is what the collectors' rows say. advance(to) takes a tick when event time has reached it, and never
 * goes beyond `to`. Ticks that event time jumped over did not happen and are not made up, because the table was not
 * seen then.
 *
 * caller: `to` is the time. The caller has given every row before it, so each tick up to it takes place.
 */
export type TimeSource = 'rows' | 'caller';

/** When ticks take place: at whole multiples of tickMs from the end of the load on. */
export class TickTimes {
  readonly #eventTime: EventTime | null;
  #nextAt = Infinity;

  /** `eventTime`: that of the rows; null: the caller says what time it is. */
  constructor(eventTime: EventTime | null) {
    this.#eventTime = eventTime;
  }

  observe(batch: ElemBatch, from: number, to: number): void {
    this.#eventTime?.observe(batch, from, to);
  }

  lose(collector: string): void {
    this.#eventTime?.lose(collector);
  }

  rejoin(collector: string): void {
    this.#eventTime?.rejoin(collector);
  }

  /** The load is over; returns the time of its end. */
  begin(at: UnixMillis): UnixMillis {
    const byRows = this.#eventTime?.now ?? -Infinity;
    // Until rows came, the caller's time is the only one.
    const endAt = byRows === -Infinity ? at : Math.min(byRows, at);
    this.#nextAt = roundedUp(endAt);
    return endAt;
  }

  /** No tick takes place before `at`. */
  skipTo(at: UnixMillis): void {
    this.#nextAt = Math.max(this.#nextAt, roundedUp(at));
  }

  /** The next tick that is due, which counts as taken; null if none is due up to `to`. */
  take(to: UnixMillis): UnixMillis | null {
    let now = to;
    if (this.#eventTime !== null) {
      now = Math.min(this.#eventTime.now, to);
      if (this.#nextAt <= now - tickMs) this.#nextAt = Math.floor(now / tickMs) * tickMs;
    }
    if (this.#nextAt > now) return null;
    const at = this.#nextAt;
    this.#nextAt += tickMs;
    return at;
  }
}

function roundedUp(at: UnixMillis): UnixMillis {
  return Math.ceil(at / tickMs) * tickMs;
}
