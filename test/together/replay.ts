/** Replays of what was recorded: tests in one process, for each costs a second before its first test. */
import '../replay/merge.test.js';
import '../replay/north-korea.test.js';
import '../replay/recordings.test.js';
import '../replay/stories.test.js';
