import { times } from './long.js';

/**
 * The real time that a test waits for anything. It only ends a wait that would last for ever, so it is far above what a
 * busy machine takes.
 */
export const patienceMs = 60_000;

/** The same for a whole suite. */
export const suitePatienceMs = times(10, 120) * 60_000;

/** Waits until `holds` returns true; `changed` resolves when it is worth asking again. */
export function heldInTime(holds: () => boolean, changed: () => Promise<unknown>, what: () => string): Promise<void> {
  const wait = async (): Promise<void> => {
    while (!holds()) await changed();
  };
  return inTime(wait(), what);
}

/** Waits for `promise`, and rejects with what was waited for if that takes longer than a test's patience. */
export async function inTime<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patienceMs / 1_000} s in vain for ${what()}`)), patienceMs);
    // It must not keep a process that has nothing else to do.
    timer.unref();
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
