export { createHttp, HttpListenError, type Health, type Http, type HttpOptions } from './http.js';
export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { createMetrics, type Metrics } from './metrics.js';
