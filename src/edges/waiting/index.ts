export { backOff, type BackOff } from './back-off.js';
export { Bell } from './bell.js';
export { withDeadline } from './deadline.js';
export { RateLimit } from './rate-limit.js';
export { retry } from './retry.js';
export { Semaphore } from './semaphore.js';
