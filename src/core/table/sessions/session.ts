/** What is known of one session, and how it changes: pure, and every change is a move of `legalMoves`. */
import type { UnixMillis } from '../../bgp/index.js';
import type { TableSettings } from '../settings.js';
import {
  isBack,
  isOverdue,
  noProgress,
  progressToKeep,
  steadinessOf,
  type Progress,
  type Sizes,
  type Steadiness,
} from './recovery.js';

/** What is known of a session, apart from its collector. Plain JSON, which a snapshot keeps as it is. */
export type SessionState =
  /** It was in no RIB, so what it does not announce means nothing, and it never votes. */
  | { readonly kind: 'no-table' }
  /** Its table is whole. */
  | { readonly kind: 'up' }
  /** Its session ended, and its routes with it. */
  | { readonly kind: 'down'; readonly since: UnixMillis }
  /** It withdrew too much at once. Its routes are kept and followed. */
  | ({ readonly kind: 'dumped'; readonly since: UnixMillis } & Steadiness)
  /** Its session is back and sends its table. */
  | { readonly kind: 'returning'; readonly since: UnixMillis; readonly progress: Progress }
  /** It sends its table again without having ended. Its old routes are kept until that is over. */
  | { readonly kind: 'resending'; readonly since: UnixMillis; readonly progress: Progress };

type Kind = SessionState['kind'];

/** Where each kind of state may lead. A state that stays of its kind may change its numbers. */
export const legalMoves: Readonly<Record<Kind, readonly Kind[]>> = {
  'no-table': ['up'],
  up: ['no-table', 'down', 'dumped', 'returning', 'resending'],
  down: ['no-table', 'up', 'returning'],
  dumped: ['no-table', 'up', 'down', 'returning'],
  returning: ['no-table', 'up', 'down'],
  resending: ['no-table', 'up', 'down', 'returning'],
};

export type SessionEvent =
  /** The peer is in a RIB of its collector. */
  | { readonly kind: 'in-rib' }
  /** The tables of its collector are forgotten; a RIB follows. */
  | { readonly kind: 'collector-reset' }
  | { readonly kind: 'session-down'; readonly at: UnixMillis }
  | { readonly kind: 'session-up'; readonly at: UnixMillis }
  /** A file of a short gap says that the session began or ended. `isBack`: it has sent routes since. */
  | { readonly kind: 'late-reset'; readonly at: UnixMillis; readonly isBack: boolean }
  | { readonly kind: 'mass-withdrawal'; readonly at: UnixMillis }
  /** It sends its whole table again. */
  | { readonly kind: 'table-again'; readonly at: UnixMillis }
  | { readonly kind: 'tick'; readonly at: UnixMillis };

export interface SessionFacts {
  readonly settings: TableSettings;
  /** Of its table now. */
  readonly sizes: Sizes;
  /** Of its table when it was last whole; undefined while it is. */
  readonly former: Sizes | undefined;
  /** How much of a table that is sent again was seen. */
  readonly seen: Sizes;
}

/** What is to be done in this order before the new state holds. */
export type SessionEffect =
  /** Its table is no longer whole: its size is remembered, and the peer does not vote. */
  | 'leave'
  | 'forget-routes'
  /** Of its routes only those are kept that are newer than the event. */
  | 'keep-newer-routes'
  /** Of its routes only those are kept that were sent again. */
  | 'keep-seen-routes'
  /** The size that it had when it was last whole no longer matters. */
  | 'forget-size'
  | 'stop-watching'
  | 'begin-transfer'
  | 'end-transfer'
  /** The transfer ended before its table was whole. */
  | 'abandon-transfer'
  | 'count-reset-by-state'
  | 'count-reset-by-volume'
  | 'count-mass-withdrawal';

export interface SessionMove {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

export function next(state: SessionState, event: SessionEvent, facts: SessionFacts): SessionMove {
  switch (event.kind) {
    case 'in-rib':
      return state.kind === 'up' ? { state, effects: [] } : move(state, { kind: 'up' }, ['forget-size']);
    case 'collector-reset':
      return move(state, { kind: 'no-table' }, ['forget-size', 'forget-routes']);
    case 'session-down':
      if (state.kind === 'down') return { state, effects: [] };
      return ended(state, { kind: 'down', since: event.at });
    case 'session-up': {
      const returning = returningSince(event.at);
      return state.kind === 'down' ? move(state, returning, []) : ended(state, returning);
    }
    case 'late-reset':
      return lateReset(state, event.at, event.isBack);
    case 'mass-withdrawal': {
      const steadiness = { steadySince: event.at, least: facts.sizes, most: facts.sizes };
      return move(state, { kind: 'dumped', since: event.at, ...steadiness }, ['count-mass-withdrawal', 'leave']);
    }
    case 'table-again':
      return move(state, { kind: 'resending', since: event.at, progress: noProgress(event.at) }, [
        'count-reset-by-volume',
        'begin-transfer',
        'leave',
      ]);
    case 'tick':
      return tick(state, event.at, facts);
  }
}

function returningSince(at: UnixMillis): SessionState {
  return { kind: 'returning', since: at, progress: noProgress(at) };
}

/** The session ended; `after` is down, or returning if a new one has begun. */
function ended(before: SessionState, after: SessionState): SessionMove {
  if (before.kind === 'no-table') return { state: before, effects: ['leave', 'forget-routes'] };
  return move(before, after, ['leave', 'forget-routes', 'count-reset-by-state']);
}

function lateReset(before: SessionState, at: UnixMillis, isBack: boolean): SessionMove {
  if (before.kind === 'no-table') return { state: before, effects: ['leave', 'keep-newer-routes'] };
  if (!isBack) return move(before, { kind: 'down', since: at }, ['leave', 'keep-newer-routes', 'count-reset-by-state']);
  const isCounted = before.kind !== 'down' && before.kind !== 'returning';
  return move(before, returningSince(at), [
    'leave',
    'keep-newer-routes',
    ...(isCounted ? (['count-reset-by-state'] as const) : []),
  ]);
}

/** Whether a table that is not whole has become so, by the time or by what is seen of it. */
function tick(state: SessionState, at: UnixMillis, { settings, sizes, former, seen }: SessionFacts): SessionMove {
  switch (state.kind) {
    case 'dumped': {
      const steadiness = steadinessOf(state, at, sizes, former ?? sizes, settings);
      if (steadiness === 'whole') return move(state, { kind: 'up' }, ['forget-size']);
      return { state: { ...state, ...steadiness }, effects: [] };
    }
    case 'returning':
    case 'resending': {
      const isResending = state.kind === 'resending';
      const of = isResending ? sizes : (former ?? ([0, 0] as const));
      const progress: Progress = { at, seen: isResending ? seen : sizes, of };
      const back = isBack(state.progress, progress, settings);
      if (!back && !isOverdue(state.since, state.progress, progress, settings)) {
        const kept = progressToKeep(state.since, state.progress, progress, settings);
        return { state: { ...state, progress: kept }, effects: [] };
      }
      return move(state, { kind: 'up' }, [
        ...(isResending ? (['keep-seen-routes', 'end-transfer'] as const) : []),
        // A table that never came back whole is no measure of the next.
        ...(back ? (['forget-size'] as const) : []),
      ]);
    }
    default:
      return { state, effects: [] };
  }
}

/** A move, with what leaving the old state takes. */
function move(before: SessionState, after: SessionState, effects: readonly SessionEffect[]): SessionMove {
  const leaving: SessionEffect[] = [];
  if ((before.kind === 'up' && after.kind !== 'resending') || before.kind === 'resending')
    leaving.push('stop-watching');
  if (before.kind === 'resending' && after.kind !== 'up') leaving.push('abandon-transfer');
  return { state: after, effects: [...effects, ...leaving] };
}

/** A session's state as it is told to others. */
export type PeerStatus =
  | { readonly kind: 'no-table' }
  | { readonly kind: 'up' }
  /** What it sees is unknown. That is no withdrawal. */
  | {
      readonly kind: 'unknown';
      readonly since: UnixMillis;
      readonly because: 'session-down' | 'collector-lost' | 'mass-withdrawal';
    }
  /** It sends its table. */
  | { readonly kind: 'warming'; readonly since: UnixMillis; readonly because: 'session-up' | 'table-transfer' };

/** `lostSince`: since when its collector is in a gap. */
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
