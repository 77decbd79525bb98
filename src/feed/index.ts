export { createArchive, hasRib, ribPath } from './archive.js';
export type { Archive } from './archive.js';
export { bootstrap } from './bootstrap.js';
export type { BootstrapProgress, BootstrapResult } from './bootstrap.js';
export type { FeedConsumer, FeedState, RisLiveFeed } from './feed-consumer.js';
export { openRecording, UnreadableRecording } from './recording.js';
export type { Recording, RecordingCounters } from './recording.js';
export { createRisLiveFeed } from './ris-live.js';
export { createProgress } from './progress.js';
