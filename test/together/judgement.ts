import { importTests } from './import-tests.js';

await importTests('house', 'core/detector', 'core/guards', 'core/incidents', 'core/report', 'core/pipeline');
