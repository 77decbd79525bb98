import type { UnixMillis } from '../bgp/index.js';

/**
 * What we know of a session. `no-table`: it was in no RIB, so what it does not announce means nothing, and it never votes. `up`: its
 * table is whole. `unknown`: lost, and its routes with it: that is not a withdrawal. `warming`: back, and sending its table again.
 */
export type PeerStatus =
  | { readonly kind: 'no-table' }
  | { readonly kind: 'up' }
  | { readonly kind: 'unknown'; readonly since: UnixMillis }
  | { readonly kind: 'warming'; readonly since: UnixMillis };
