import type { FamilyIndex, UnixMillis } from '../../bgp/index.js';
import type { FullFeedWatch } from './full-feed-watch.js';
import type { IdNotes } from '../routes/id-notes.js';
import type { Progress } from './recovery.js';

/**
 * What we know of a session. `no-table`: it was in no RIB, so what it does not announce means nothing, and it never
 * votes. `up`: its table is whole. `unknown`: what it sees is not known, and that is no withdrawal. `warming`: it sends
 * its table again.
 */
export type PeerStatus =
  | { readonly kind: 'no-table' }
  | { readonly kind: 'up' }
  | {
      readonly kind: 'unknown';
      readonly since: UnixMillis;
      readonly because: 'session-down' | 'collector-lost' | 'mass-withdrawal';
    }
  | { readonly kind: 'warming'; readonly since: UnixMillis; readonly because: 'session-up' | 'table-transfer' };

/** Table sizes by family. */
export type Sizes = readonly [number, number];

/** By family, what watches the table while it is whole; null: it is no full feed. */
export type Watches = [FullFeedWatch | null, FullFeedWatch | null];

/** It withdrew too much at once. Its routes are kept, and kept up. */
export interface Dumped {
  readonly kind: 'dumped';
  readonly since: UnixMillis;
  /** Since when its table's sizes lie between these. */
  readonly steadySince: UnixMillis;
  readonly least: Sizes;
  readonly most: Sizes;
}

/** Its routes went with it, and come back. */
export interface Returning {
  readonly kind: 'returning';
  readonly since: UnixMillis;
  readonly progress: Progress;
}

/** Its routes are kept; of a family that it sends again, what was announced since that began is noted. */
export interface Resending {
  readonly kind: 'resending';
  readonly since: UnixMillis;
  readonly seen: [IdNotes | null, IdNotes | null];
  /** Of a family that it does not send again, so far. */
  readonly watches: Watches;
  readonly progress: Progress;
}

/** What is kept of a session itself, whether its collector is in a gap or not. */
export type SessionState =
  | { readonly kind: 'no-table' }
  | { readonly kind: 'up'; readonly watches: Watches }
  /** Its routes went with it. */
  | { readonly kind: 'down'; readonly since: UnixMillis }
  | Dumped
  | Returning
  | Resending;

/**
 * What a snapshot keeps of it: not by what a table is watched. What was seen of a table that is sent again stands with
 * its columns.
 */
export type KeptState =
  | Exclude<SessionState, { readonly kind: 'up' | 'resending' }>
  | { readonly kind: 'up' }
  | Pick<Resending, 'kind' | 'since' | 'progress'>;

export const bothFamilies: readonly [FamilyIndex, FamilyIndex] = [0, 1];

export function statusOf(state: SessionState, lostSince: UnixMillis | undefined): PeerStatus {
  switch (state.kind) {
    case 'no-table':
      return { kind: 'no-table' };
    case 'up':
      return lostSince === undefined
        ? { kind: 'up' }
        : { kind: 'unknown', since: lostSince, because: 'collector-lost' };
    case 'down':
      return { kind: 'unknown', since: state.since, because: 'session-down' };
    case 'dumped':
      return { kind: 'unknown', since: state.since, because: 'mass-withdrawal' };
    case 'returning':
      return { kind: 'warming', since: state.since, because: 'session-up' };
    case 'resending':
      return { kind: 'warming', since: state.since, because: 'table-transfer' };
  }
}
