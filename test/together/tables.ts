import { importTests } from './import-tests.js';

await importTests('core/bgp', 'core/table', 'core/countries');
