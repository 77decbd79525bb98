export type { FeedLog } from './feed-log.js';
export { createRisLiveFeed } from './ris-live.js';
export type { FeedConsumer, FeedCounters, FeedState, RisLiveFeed, RisLiveOptions } from './ris-live.js';
