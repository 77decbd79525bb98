export { createArchive } from './archive.js';
export type { Archive } from './archive.js';
export { bootstrap } from './bootstrap.js';
export type { BootstrapOptions, BootstrapProgress, BootstrapResult, BootstrapSink } from './bootstrap.js';
export type { FeedLog } from './feed-log.js';
export { openRecording, UnreadableRecording } from './recording.js';
export type { Recording, RecordingCounters } from './recording.js';
export { createRisLiveFeed } from './ris-live.js';
export type { FeedConsumer, FeedCounters, FeedState, RisLiveFeed, RisLiveOptions } from './ris-live.js';
