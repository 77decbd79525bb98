import type { IncidentEvent } from '../../../core/incidents/index.js';

/**
 * Whether a channel hears of this event: only what belongs to an incident that was major or worse, so that nobody reads
 * "restored" of what was never told. Unstable is told to those who ask for it alone, a notice is the operator's; what
 * is told by an event of several countries is not told by itself as well.
 */
export function isTold(event: IncidentEvent): boolean {
  if (event.kind === 'unstable' || event.kind === 'notice' || event.partOf !== null) return false;
  return event.worst === 'major' || event.worst === 'down';
}
