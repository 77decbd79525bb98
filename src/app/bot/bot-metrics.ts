import { secondMs, type UnixMillis } from '../../core/time.js';
import type { Delivery, DeliveryReport } from '../../edges/delivery/index.js';
import type { Gateway, RequestOutcome } from '../../edges/discord/index.js';
import type { Metrics } from '../../edges/observability/index.js';
import type { Store } from '../../edges/store/index.js';
import type { IngestWatchdog } from './ingest-watchdog.js';

export interface GaugeSources {
  readonly store: Pick<Store, 'depth' | 'health'>;
  readonly metrics: Metrics;
  readonly delivery: Delivery;
  readonly gateway: Gateway;
  readonly watchdog: IngestWatchdog;
}

/** Sets the metrics that nothing else moves, and lets the watchdog look. While the store is away they keep their values. */
export async function updateGauges(
  { store, metrics, delivery, gateway, watchdog }: GaugeSources,
  now: UnixMillis,
): Promise<void> {
  const depth = await store.depth().catch(() => null);
  if (depth !== null) {
    metrics.outboxOwed.set(depth.owed);
    metrics.outboxOldestAge.set(depth.oldestAt === null ? 0 : (now - depth.oldestAt) / secondMs);
  }
  const health = await store.health().catch(() => undefined);
  if (health !== undefined) watchdog.look(health);
  metrics.channelsPaused.set(delivery.closed());
  metrics.gatewayUp.set(gateway.health().connected ? 1 : 0);
  metrics.identifiesLastHour.set(gateway.identifiesLastHour());
}

export function countDelivery(metrics: Metrics): Pick<DeliveryReport, 'attempt' | 'doubtful'> {
  return {
    attempt: (result, ageMs) => {
      metrics.deliveryAttempts.inc({ result });
      if (result === 'sent') metrics.deliveryAge.observe(ageMs / secondMs);
    },
    doubtful: () => metrics.deliveriesDoubtful.inc(),
  };
}

export function countRequests(metrics: Metrics): (outcome: RequestOutcome) => void {
  return ({ method, route, outcome, code }) => {
    metrics.discordRequests.inc({ route: `${method} ${route}`, outcome });
    if (code !== null) metrics.discordErrors.inc({ code: String(code) });
  };
}
