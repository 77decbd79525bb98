import { importTests } from './import-tests.js';

await importTests(
  'edges/chart',
  'edges/config',
  'edges/observability',
  'edges/store',
  'edges/waiting',
  'edges/feed',
  'edges/delivery',
  'app/bot',
  'app/service',
);
