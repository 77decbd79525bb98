import { RegistryFolder } from '../../../src/app/registry/registry-folder.js';
import { DelegatedReader } from '../../../src/core/countries/index.js';

/** What the peers of a loopback world have routes to is in two countries. */
const twoCountries = [
  'nro|KP|ipv4|175.45.176.0|1024|20091221|allocated|x|e-stats',
  'nro|JP|ipv4|133.0.0.0|16777216|19970301|allocated|x|e-stats',
];

/** Puts a registry of these delegated lines and this day (YYYYMMDD) into DATA_DIR; its name. */
export function putRegistry(dataDir: string, lines: readonly string[], day: string): Promise<string> {
  const reader = new DelegatedReader();
  for (const line of lines) reader.line(line);
  return new RegistryFolder(dataDir).write(reader.map(), day, 'download');
}

/**
 * One that is newer than what ships: a start that reads 240 countries, and ticks that go over them, would take most of
 * a story's time.
 */
export function putSmallRegistry(dataDir: string): Promise<string> {
  return putRegistry(dataDir, twoCountries, '20261231');
}
