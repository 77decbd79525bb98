import type { Clock } from '../edges/clock.js';

/** The machine as the program sees it: given by main.ts, or by a test. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Alerts, transcripts, results. */
  readonly stdout: Output;
  /** Logs, progress, warnings. */
  readonly stderr: Output;
  readonly clock: Clock;
  /** 0..1. */
  readonly random: () => number;
  /** Aborted when the program must stop. */
  readonly signal: AbortSignal;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A fault that only the operator can mend: it ends the service. The message says what to do, in one sentence. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

/** Exit codes, after sysexits.h. */
export const exitCode = { ok: 0, failed: 1, usage: 64, noInput: 66, unavailable: 69, busy: 75, config: 78 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
