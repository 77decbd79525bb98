import type { IncidentEvent } from '../../../core/incidents/index.js';

export interface DrawnChart {
  readonly png: Uint8Array;
  /** What it shows, in words: at most 1024 UTF-16 units. */
  readonly altText: string;
}

/** Draws what is remembered. null: there is nothing to draw, or it cannot be read now; never throws for that. */
export interface Charts {
  /**
   * The 24 h up to an event (or, for a later revision, up to `at`): drawn once for each event and revision, however
   * many channels ask.
   */
  ofEvent(event: IncidentEvent, revision: number, at: number): Promise<DrawnChart | null>;
  /** The `ms` up to `now` of a country: both families, or one. */
  ofCountry(country: string, ms: number, now: number, family: 'ipv4' | 'ipv6' | null): Promise<DrawnChart | null>;
}
