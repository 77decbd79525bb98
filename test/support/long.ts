/** Set by `npm run test:long` (test/all.ts), which plays the seeded tests for as long as it takes to find rare faults. */
const isLong = process.env['LONG_TESTS'] === '1';

/** How often a seeded test is played: `short` times in `npm test`, `long` times in `npm run test:long`. */
export function times(short: number, long: number): number {
  return isLong ? long : short;
}
