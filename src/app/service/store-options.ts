import type { Config } from '../../edges/config/index.js';
import type { StoreOptions } from '../../edges/store/index.js';

/** Which store the operator chose. */
export function storeOptionsOf({ redisUrl, dataDir }: Pick<Config, 'redisUrl' | 'dataDir'>): StoreOptions {
  return redisUrl === null ? { kind: 'sqlite', dataDir } : { kind: 'redis', url: redisUrl };
}
