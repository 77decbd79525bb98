export { backupSqlite } from './backup.js';
export { readSqliteSubscriptions } from './read-subscriptions.js';
export { openSqliteStore } from './sqlite-store.js';
