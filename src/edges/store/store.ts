import type { EventLog, Notes, Outbox, Subscriptions } from '../delivery/index.js';
import type { HistoryReader, IncidentStore, StateReader } from '../../core/incidents/index.js';

/** What delivery remembers (test/store/delivery-contract.ts). */
export type DeliveryStore = Outbox & Subscriptions & Notes;

/** Everything that is remembered, behind one contract with two adapters (test/store/contract.ts holds both to it). */
export type Store = IncidentStore &
  HistoryReader &
  StateReader &
  EventLog &
  DeliveryStore & {
    /** Nothing may be called afterwards. Does not release the lease. */
    close(): Promise<void>;
  };

/**
 * Where a store says what its caller can't know: a connection lost and back, a server that may forget. pino's Logger
 * fits.
 */
export interface StoreLog {
  info(message: string): void;
  warn(message: string): void;
}
