export { backupSqlite } from './backup.js';
export { openSqliteStore } from './sqlite-store.js';
