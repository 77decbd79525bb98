/** The machine of a session's states, held to its table of moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  legalMoves,
  next,
  type SessionEffect,
  type SessionEvent,
  type SessionFacts,
  type SessionState,
} from '../../../../src/core/table/sessions/session.js';
import { shippedRules } from '../../../support/rules.js';

const { table: settings } = shippedRules();
const none: SessionState = { kind: 'no-table' };
type Sizes = SessionFacts['sizes'];

const sizes = fc.tuple(fc.constantFrom(0, 50, 96, 100), fc.constantFrom(0, 50, 96, 100));
const facts = fc.record({ sizes, seen: sizes, former: fc.option(sizes, { nil: undefined }) }) satisfies fc.Arbitrary<{
  sizes: Sizes;
  seen: Sizes;
  former: Sizes | undefined;
}>;
const step = fc.record({
  kind: fc.constantFrom(
    'in-rib',
    'collector-reset',
    'session-down',
    'session-up',
    'late-reset',
    'volume',
    'tick',
    'tick',
    'tick',
  ),
  flag: fc.boolean(),
  ms: fc.constantFrom(10_000, 60_000, 600_000),
  facts,
});

/** The caller's part: volume is judged only of a table that is whole. */
function eventOf(state: SessionState, kind: string, flag: boolean, at: number): SessionEvent | null {
  if (kind === 'volume') return state.kind === 'up' ? { kind: flag ? 'mass-withdrawal' : 'table-again', at } : null;
  if (kind === 'late-reset') return { kind, at, isBack: flag };
  if (kind === 'in-rib' || kind === 'collector-reset') return { kind };
  return { kind: kind as 'session-down' | 'session-up' | 'tick', at };
}

/** Checks one move and returns the new state. */
function checkedMove(state: SessionState, event: SessionEvent, known: SessionFacts, moves: Set<string>): SessionState {
  const text = JSON.stringify(state);
  const after = next(state, event, known);
  assert.equal(JSON.stringify(state), text, 'the old state stays as it was');
  assert.deepEqual(after.state, JSON.parse(JSON.stringify(after.state)), 'plain JSON');
  const name = `${state.kind} -> ${after.state.kind}`;
  const has = (effect: SessionEffect): boolean => after.effects.includes(effect);
  assert.equal(new Set(after.effects).size, after.effects.length, 'no effect twice');
  if (after.state.kind !== state.kind) {
    assert.ok(legalMoves[state.kind].includes(after.state.kind), name);
    moves.add(name);
    if (state.kind === 'up' && after.state.kind !== 'no-table') assert.ok(has('leave'), name);
    if (state.kind === 'resending') assert.ok(has('stop-watching'), name);
  }
  assert.equal(has('begin-transfer'), name === 'up -> resending', name);
  if (has('abandon-transfer')) assert.equal(state.kind, 'resending');
  if (has('end-transfer') || has('keep-seen-routes')) assert.equal(name, 'resending -> up');
  return after.state;
}

test('every move of a session is legal, every legal move happens, and the effects belong to it', () => {
  const moves = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      let state: SessionState = none;
      let at = 0;
      for (const { kind, flag, ms, facts: known } of steps) {
        at += ms;
        const event = eventOf(state, kind, flag, at);
        if (event !== null) state = checkedMove(state, event, { settings, ...known }, moves);
      }
    }),
    { numRuns: 3_000, seed: 20141222 },
  );
  const legal = Object.entries(legalMoves).flatMap(([from, kinds]) => kinds.map((to) => `${from} -> ${to}`));
  assert.deepEqual([...moves].sort(), legal.sort());
});

test('a session that was in no RIB loses its routes and stays without a table', () => {
  const nothing: SessionFacts = { settings, sizes: [1, 1], seen: [0, 0], former: undefined };
  for (const event of [
    { kind: 'session-down', at: 1 },
    { kind: 'session-up', at: 1 },
  ] as const)
    assert.deepEqual(next(none, event, nothing), { state: none, effects: ['leave', 'forget-routes'] });
});
