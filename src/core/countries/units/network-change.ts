/**
 * One origin AS of a country: units (/24s or /48s) covered by visible prefixes it originates, when the country was last
 * whole and now.
 */
export interface NetworkChange {
  readonly asn: number;
  readonly before: number;
  readonly now: number;
}
