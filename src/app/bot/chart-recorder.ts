import { minuteMs } from '../../core/time.js';
import type { UnixMillis } from '../../core/bgp/index.js';
import { chartAltText, renderChart, renderPng, type ChartInput, type ChartPoint } from '../../edges/chart/index.js';
import { countryName } from '../../core/countries/index.js';
import { type IncidentEvent, isOver } from '../../core/incidents/index.js';
import type { PipelineView } from '../../core/view.js';

const pointEveryMs = minuteMs;

interface Track {
  readonly points: readonly [ChartPoint[], ChartPoint[]];
  readonly outages: { readonly incident: string; readonly from: UnixMillis; to: UnixMillis | null }[];
}

export interface DrawnChart {
  readonly png: Uint8Array;
  /** Describes the picture in words. */
  readonly altText: string;
}

/** Collects what a replay's charts show: a point a minute of each chosen country, and its incidents. */
export class ChartRecorder {
  readonly #tracks: Map<string, Track>;
  readonly #troubled = new Set<string>();
  #from: UnixMillis | null = null;
  #to: UnixMillis = 0;

  constructor(countries: Iterable<string>) {
    this.#tracks = new Map([...countries].map((country) => [country, { points: [[], []], outages: [] }]));
  }

  event(event: IncidentEvent): void {
    const { incident, since } = event;
    if (event.country === null || incident === null) return;
    this.#troubled.add(event.country);
    const outages = this.#tracks.get(event.country)?.outages;
    if (outages === undefined) return;
    const last = outages.findLast((outage) => outage.incident === incident);
    const wasOver = last === undefined || last.to !== null;
    if ((event.kind === 'opened' || event.kind === 'down-again') && since !== null && wasOver)
      outages.push({ incident, from: since, to: null });
    if (isOver(event) && last !== undefined) last.to = event.until ?? event.at;
  }

  tick(at: UnixMillis, view: PipelineView): void {
    this.#from ??= at;
    this.#to = at;
    if (at % pointEveryMs !== 0) return;
    for (const [country, { points }] of this.#tracks) {
      for (const family of [0, 1] as const) {
        const sample = view.samples(country)?.[family];
        const baseline = sample?.baseline?.units ?? 0;
        if (sample === undefined || baseline === 0) continue;
        points[family].push({ at, share: sample.usable ? sample.units / baseline : null });
      }
    }
  }

  /** By country: of the countries with an incident, or of all chosen ones if there was no incident. */
  charts(subtitle: string, source: string): Map<string, DrawnChart> {
    const shown = this.#troubled.size > 0 ? [...this.#troubled] : [...this.#tracks.keys()];
    const charts = new Map<string, DrawnChart>();
    for (const country of shown) {
      const track = this.#tracks.get(country);
      if (track === undefined || this.#from === null) continue;
      const series = track.points.flatMap((points, family) =>
        points.length === 0 ? [] : [{ label: family === 0 ? 'IPv4' : 'IPv6', points }],
      );
      if (series.length === 0) continue;
      const input: ChartInput = {
        title: countryName(country).name,
        subtitle,
        source,
        from: this.#from,
        to: this.#to,
        series,
        outages: track.outages,
      };
      charts.set(country, { png: renderPng(renderChart(input)), altText: chartAltText(input) });
    }
    return charts;
  }
}
