import { importTests } from './import-tests.js';

await importTests('e2e');
