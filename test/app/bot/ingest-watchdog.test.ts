import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IngestWatchdog } from '../../../src/app/bot/ingest-watchdog.js';

const minute = 60_000;
const start = Date.UTC(2026, 2, 2, 8);

test('a silent ingest is reported once, and once when it is back; one that starts with the bot gets time', () => {
  let now = start;
  const notices: string[] = [];
  const watchdog = new IngestWatchdog({ notify: (text) => notices.push(text), now: () => now });
  const look = (atMinute: number, heard: number | null): void => {
    now = start + atMinute * minute;
    watchdog.look(heard === null ? null : { at: start + heard * minute });
  };
  look(0, null);
  look(3, -600);
  assert.deepEqual([notices, watchdog.trouble()], [[], null]);
  look(4, 3.5);
  look(6.5, 3.5);
  assert.equal(watchdog.trouble(), null);
  look(7, 3.5);
  look(8, 3.5);
  assert.equal(watchdog.trouble(), 'no word from the ingest since 2026-03-02 08:03 UTC: outages are not seen');
  look(9, 9);
  assert.equal(watchdog.trouble(), null);
  assert.deepEqual(notices, [
    'There is no word from the ingest since 2026-03-02 08:03 UTC: outages are not seen. The process with ' +
      '--role ingest is gone, or it cannot write.',
    'The ingest is back. It was silent since 2026-03-02 08:03 UTC; what began and ended meanwhile was not seen.',
  ]);
});
