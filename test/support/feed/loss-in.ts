import { lostReasons } from '../../../src/edges/feed/intake/collector-sync.js';

/** Why a collector was lost, by a warning of the intake; null: the warning is another one. */
export function lossIn(warning: string): string | null {
  const reason = /^intake: collector lost: (.*)$/.exec(warning)?.[1];
  return Object.entries(lostReasons).find(([, words]) => words === reason)?.[0] ?? null;
}
