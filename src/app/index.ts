import type { ExitCode, World } from './world.js';

export { adopt } from './adopt.js';
export { createApp, type App, type Role } from './app.js';
export { backup } from './backup.js';
export { demo } from './demo/demo.js';
export { replay } from './replay.js';
export { start } from './start.js';
export { subscriptions } from './subscriptions.js';
export { updateRegistryCommand as updateRegistry } from './update-registry.js';
export type { ExitCode, World };

/** Its folder is loaded when it is asked for: discord.js alone takes longer to load than everything else together. */
export const commands = async (argv: readonly string[], world: World): Promise<ExitCode> => (await import('./commands.js')).commands(argv, world);
