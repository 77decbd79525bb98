import { importTests } from './import-tests.js';

await importTests('edges/discord');
