import { importTests } from './import-tests.js';

await importTests('app/cli', 'app/registry', 'app/replay');
