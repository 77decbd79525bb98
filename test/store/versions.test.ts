import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreRefusedError } from '../../src/store/index.js';
import { parseState } from '../../src/store/versions.js';

const migrations = {
  1: (older: object) => ({ ...older, steps: ['1 to 2'] }),
  2: (older: { steps?: string[] }) => ({ ...older, steps: [...(older.steps ?? []), '2 to 3'] }),
};

test('an older state is led through every step to the present version', () => {
  assert.deepEqual(parseState('{"version":1,"country":"KP"}', migrations, 3), { version: 3, country: 'KP', steps: ['1 to 2', '2 to 3'] });
  assert.deepEqual(parseState('{"version":2,"country":"KP"}', migrations, 3), { version: 3, country: 'KP', steps: ['2 to 3'] });
  assert.deepEqual(parseState('{"version":3,"country":"KP"}', migrations, 3), { version: 3, country: 'KP' });
});

const refused: [text: string, sentence: RegExp][] = [
  ['{"version":4,"country":"KP"}', /^The state of KP was written by a newer lightsout \(version 4, this one knows up to 3\)/],
  ['{"version":0,"country":"KP"}', /^The state of KP has version 0, which no migration leads from\.$/],
  ['{"country":"KP"}', /^The state of KP has version undefined, which no migration leads from\.$/],
  ['{"version":"1","country":"KP"}', /^The state of KP has version 1, which/],
];
for (const [text, sentence] of refused) {
  test(`refused with a sentence: ${text}`, () => {
    assert.throws(() => parseState(text, migrations, 3), (error: Error) => error instanceof StoreRefusedError && sentence.test(error.message));
  });
}
