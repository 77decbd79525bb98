import type {
  ChannelState,
  EventLog,
  Expansion,
  LoggedEvent,
  Notes,
  Outbox,
  Owed,
  Subscription,
  Subscriptions,
  ToldRecord,
} from '../../../src/edges/delivery/index.js';
import type { IncidentEvent } from '../../../src/core/incidents/index.js';

type DeliveryStore = EventLog & Outbox & Subscriptions & Notes;
/** The name of a call to any of delivery's four ports. */
export type StoreCall = keyof DeliveryStore;

const toldKeptMs = 35 * 86_400_000;

/**
 * Everything that delivery remembers, in memory. test/edges/store holds it to the same contract as the real stores.
 * Every call has done its work, and its promise is settled, by the time it returns: there are no timers. Rows are
 * copied on the way in and out; values inside a row are frozen.
 */
export class MemoryDeliveryStore implements DeliveryStore {
  /**
   * Called first in every call. If it throws, the call is rejected with that error and changes nothing: the store is
   * away.
   */
  onCall: (name: StoreCall) => void = () => undefined;
  /**
   * Called last in every call. If it throws, the call is rejected with that error although its work is done: the answer
   * was lost.
   */
  onAnswer: (name: StoreCall) => void = () => undefined;

  readonly #log: LoggedEvent[] = [];
  readonly #cursors = new Map<string, number>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** By channel, in order of position. No list is empty. */
  readonly #owed = new Map<string, Owed[]>();
  readonly #told = new Map<string, Map<string, ToldRecord>>();
  readonly #notes = new Map<string, string>();
  #expansion: Expansion | null = null;

  /** What the ingest's commit does: puts events at the end of the log. */
  append(...events: readonly IncidentEvent[]): void {
    for (const event of events) this.#log.push(asJson({ position: this.#log.length + 1, event }));
  }

  readAfter(position: number, limit: number): Promise<LoggedEvent[]> {
    return this.#call('readAfter', () => this.#log.slice(position, position + limit).map((logged) => ({ ...logged })));
  }

  end(): Promise<number> {
    return this.#call('end', () => this.#log.length);
  }

  cursor(target: string): Promise<number | null> {
    return this.#call('cursor', () => this.#cursors.get(target) ?? null);
  }

  moveCursor(target: string, position: number): Promise<void> {
    return this.#call(
      'moveCursor',
      () => void this.#cursors.set(target, Math.max(position, this.#cursors.get(target) ?? 0)),
    );
  }

  expansion(): Promise<Expansion | null> {
    return this.#call('expansion', () => (this.#expansion === null ? null : { ...this.#expansion }));
  }

  owe(chunk: readonly Owed[], expansion: Expansion): Promise<void> {
    return this.#call('owe', () => {
      if (this.#expansion !== null && !isAhead(expansion, this.#expansion)) return;
      this.#expansion = asJson(expansion);
      for (const row of chunk) this.#put(row);
    });
  }

  heads(): Promise<Owed[]> {
    return this.#call('heads', () =>
      [...this.#owed.keys()].sort(asText).map((channelId) => ({ ...this.#owed.get(channelId)![0] })),
    );
  }

  channel(channelId: string, limit: number): Promise<ChannelState> {
    return this.#call('channel', () => ({
      subscription: this.#subscriptionOf(channelId),
      owed: (this.#owed.get(channelId) ?? []).slice(0, limit).map((row) => ({ ...row })),
      told: [...(this.#told.get(channelId)?.values() ?? [])]
        .sort((a, b) => asText(a.incident, b.incident))
        .map((row) => ({ ...row })),
    }));
  }

  acknowledge(owed: Owed, told: readonly ToldRecord[]): Promise<void> {
    return this.#call('acknowledge', () => {
      if (!this.#isOwed(owed)) return;
      this.#take(owed);
      const known = this.#told.get(owed.channelId) ?? new Map<string, ToldRecord>();
      const oldest = told.reduce((now, { at }) => Math.max(now, at), owed.owedAt) - toldKeptMs;
      for (const row of told) known.set(row.incident, { ...row });
      for (const { incident, over, at } of known.values()) if (over && at < oldest) known.delete(incident);
      this.#told.set(owed.channelId, known);
    });
  }

  combine(rows: readonly Owed[], into: Owed): Promise<void> {
    return this.#call('combine', () => {
      if (!rows.every((row) => this.#isOwed(row))) return;
      for (const row of rows) this.#take(row);
      this.#put(into);
    });
  }

  depth(): Promise<{ owed: number; oldestAt: number | null }> {
    return this.#call('depth', () => {
      const rows = [...this.#owed.values()].flat();
      return {
        owed: rows.length,
        oldestAt: rows.length === 0 ? null : rows.reduce((oldest, { owedAt }) => Math.min(oldest, owedAt), Infinity),
      };
    });
  }

  subscriptions(): Promise<Subscription[]> {
    return this.#call('subscriptions', () =>
      [...this.#subscriptions.keys()].sort(asText).map((channelId) => this.#subscriptionOf(channelId)!),
    );
  }

  subscription(channelId: string): Promise<Subscription | null> {
    return this.#call('subscription', () => this.#subscriptionOf(channelId));
  }

  saveSubscription(subscription: Subscription): Promise<void> {
    return this.#call(
      'saveSubscription',
      () => void this.#subscriptions.set(subscription.channelId, asJson(subscription)),
    );
  }

  removeSubscription(channelId: string): Promise<void> {
    return this.#call('removeSubscription', () => {
      for (const table of [this.#subscriptions, this.#owed, this.#told]) table.delete(channelId);
    });
  }

  note(name: string): Promise<string | null> {
    return this.#call('note', () => this.#notes.get(name) ?? null);
  }

  setNote(name: string, value: string): Promise<void> {
    return this.#call('setNote', () => void this.#notes.set(name, value));
  }

  #call<T>(name: StoreCall, act: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.onCall(name);
      const answer = act();
      this.onAnswer(name);
      resolve(answer);
    });
  }

  #subscriptionOf(channelId: string): Subscription | null {
    const found = this.#subscriptions.get(channelId);
    return found === undefined ? null : { ...found };
  }

  #isOwed({ channelId, position, positions }: Owed): boolean {
    const found = this.#owed.get(channelId)?.find((row) => row.position === position);
    return found !== undefined && found.positions.join() === positions.join();
  }

  #take({ channelId, position }: Owed): void {
    const left = this.#owed.get(channelId)!.filter((row) => row.position !== position);
    if (left.length === 0) this.#owed.delete(channelId);
    else this.#owed.set(channelId, left);
  }

  #put(row: Owed): void {
    const rows = this.#owed.get(row.channelId) ?? [];
    this.#owed.set(row.channelId, rows);
    let place = rows.length;
    while (place > 0 && rows[place - 1].position >= row.position) place--;
    rows.splice(place, rows.at(place)?.position === row.position ? 1 : 0, {
      ...row,
      positions: Object.freeze([...row.positions]),
    });
  }
}

/** A deeply frozen copy, with only what JSON keeps. */
function asJson<T extends object>(value: T): T {
  return frozen(JSON.parse(JSON.stringify(value)) as T);
}

function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner);
  return Object.freeze(value);
}

function asText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isAhead({ position, channelId }: Expansion, of: Expansion): boolean {
  if (position !== of.position) return position > of.position;
  return channelId !== null && (of.channelId === null || channelId > of.channelId);
}
