/**
 * One measurement: the share of the baseline that was visible, 0..1 (more is drawn as just above the baseline); null:
 * not measured.
 */
export interface ChartPoint {
  /** Unix ms. */
  readonly at: number;
  readonly share: number | null;
}

/** What a chart shows. Times are Unix ms, points oldest first. */
export interface ChartInput {
  readonly title: string;
  readonly subtitle: string;
  /** Whose routes these are: a credit in the corner. */
  readonly source: string;
  readonly from: number;
  readonly to: number;
  /** One or two: IPv4, IPv6. */
  readonly series: readonly { readonly label: string; readonly points: readonly ChartPoint[] }[];
  /** `to` null: it still lasts. */
  readonly outages: readonly { readonly from: number; readonly to: number | null }[];
}
