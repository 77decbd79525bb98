export { adopt } from './adopt.js';
export { backup } from './backup.js';
export { commands } from './commands.js';
export { demo } from './demo/demo.js';
export { replay } from './replay.js';
export { start } from './start.js';
export { subscriptions } from './subscriptions.js';
export type { ExitCode, World } from './world.js';
export { createApp, type App, type Role } from './app.js';
