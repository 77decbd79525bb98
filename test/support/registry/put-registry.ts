import { RegistryFolder } from '../../../src/app/registry/registry-folder.js';
import { DelegatedReader } from '../../../src/core/countries/index.js';

/** The addresses that the peers of a loopback world announce, in two countries. */
const twoCountries = [
  'nro|KP|ipv4|175.45.176.0|1024|20091221|allocated|x|e-stats',
  'nro|JP|ipv4|133.0.0.0|16777216|19970301|allocated|x|e-stats',
];

/** Puts a registry of these delegated lines and this day (YYYYMMDD) into DATA_DIR; returns its name. */
export function putRegistry(dataDir: string, lines: readonly string[], day: string): Promise<string> {
  const reader = new DelegatedReader();
  for (const line of lines) reader.line(line);
  return new RegistryFolder(dataDir).write(reader.map(), day, 'download');
}

/**
 * A small registry, newer than the shipped one. A start that reads 240 countries, and ticks over all of them, would
 * take most of a story's time.
 */
export function putSmallRegistry(dataDir: string): Promise<string> {
  return putRegistry(dataDir, twoCountries, '20261231');
}
