import { ElemBatch, type PeerIndex } from '../../../src/core/bgp/index.js';
import type { CoreEvent } from '../../../src/core/events.js';
import type { Pipeline, TickResult } from '../../../src/core/pipeline.js';

/** A call to a pipeline, in order. */
export type CoreStep = { readonly kind: 'event'; readonly event: CoreEvent } | { readonly kind: 'advance'; to: number };

export interface CoreRecording {
  readonly steps: readonly CoreStep[];
  /** The results of the ticks. */
  readonly results: readonly TickResult[];
}

/** Records every call to the pipeline from now on. Batches are copied, because the caller reuses them. */
export function record(pipeline: Pipeline): CoreRecording {
  const recording = { steps: [] as CoreStep[], results: [] as TickResult[] };
  const handle = pipeline.handle.bind(pipeline);
  const advance = pipeline.advance.bind(pipeline);
  pipeline.handle = (event) => {
    recording.steps.push({ kind: 'event', event: copied(event) });
    handle(event);
  };
  pipeline.advance = function* (to) {
    recording.steps.push({ kind: 'advance', to });
    for (const result of advance(to)) {
      recording.results.push(result);
      yield result;
    }
  };
  return recording;
}

/** Repeats the recorded calls on another pipeline, which must have the same peers as the recorded one. */
export function playBack({ steps }: Pick<CoreRecording, 'steps'>, pipeline: Pipeline): TickResult[] {
  const results: TickResult[] = [];
  for (const step of steps) {
    if (step.kind === 'event') pipeline.handle(copied(step.event));
    else results.push(...pipeline.advance(step.to));
  }
  return results;
}

export function copyPeers(from: PeerIndex, into: PeerIndex): void {
  for (let peer = 0; peer < from.size; peer++) {
    const { collector, address, asn } = from.at(peer);
    into.intern(collector, address, asn);
  }
}

/** States, rows, events and records as text, byte for byte. */
export function textOf(results: readonly TickResult[]): string {
  return JSON.stringify(results, (_, value: unknown) => (value instanceof Uint32Array ? [...value] : value));
}

function copied(event: CoreEvent): CoreEvent {
  if (!('batch' in event)) return event;
  const batch = new ElemBatch(Math.max(1, event.batch.length));
  batch.append(event.batch);
  return { ...event, batch };
}
