import type { ExitCode, World } from './world.js';

export type { ExitCode, World };

/** argv without the command itself. */
type Command = (argv: readonly string[], world: World) => Promise<ExitCode>;

// Each command's modules are loaded when it is called, so that a short command does not wait for those that draw charts
// and read RIS.
export const adopt: Command = async (argv, world) => (await import('./cli/adopt.js')).adopt(argv, world);
export const backup: Command = async (argv, world) => (await import('./cli/backup.js')).backup(argv, world);
export const commands: Command = async (argv, world) => (await import('./cli/commands.js')).commands(argv, world);
export const demo: Command = async (argv, world) => (await import('./demo/demo.js')).demo(argv, world);
export const replay: Command = async (argv, world) => (await import('./replay/replay.js')).replay(argv, world);
export const start: Command = async (argv, world) => (await import('./cli/start.js')).start(argv, world);
export const subscriptions: Command = async (argv, world) =>
  (await import('./cli/subscriptions.js')).subscriptions(argv, world);
export const updateRegistry: Command = async (argv, world) =>
  (await import('./cli/update-registry.js')).updateRegistryCommand(argv, world);
