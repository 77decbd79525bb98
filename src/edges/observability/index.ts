export { createHttp, HttpListenError, type Health } from './http.js';
export { createLogger, type Logger } from './logger.js';
export { createMetrics, type Metrics } from './metrics.js';
export type { Counter } from 'prom-client';
