export { openRedisStore } from './redis-store.js';
