/**
 * What RIS Live delivers of the truth: the messages in the order and at the times of their arrival, after the faults on
 * the way.
 */
import { seededRandom } from '../../support/random.js';
import { between } from '../chance.js';
import type { Fault, Schedule } from '../schedule.js';
import type { TrueMessage, Truth } from '../truth.js';

export interface LiveFrame {
  /** When it arrives, on the true clock. */
  readonly due: number;
  readonly message: TrueMessage;
  /** How wrong the collector's clock is. */
  readonly shiftMs: number;
}

/** RIS Live is about half a second behind its collectors. */
const usualLagMs = [200, 900] as const;

export function createLiveSide({ seed, model, faults }: Schedule, truth: Truth): LiveFrame[] {
  const random = seededRandom(seed * 65_537 + 3);
  const of = <K extends Fault['kind']>(...kinds: readonly K[]): Extract<Fault, { kind: K }>[] =>
    faults.filter((fault): fault is Extract<Fault, { kind: K }> => (kinds as readonly string[]).includes(fault.kind));
  const ways = of('drops', 'duplicates', 'reordering', 'collector-silent', 'collector-lagging', 'clock-skew');
  const frames: LiveFrame[] = [];
  /** A connection keeps the order: a delayed message delays those behind it. */
  const heldUntil = new Map<string, number>();
  for (const message of truth.messages) {
    const { collector } = model.peers[message.peer];
    let due = message.at + between(random, ...usualLagMs);
    let shiftMs = 0;
    let copies = 1;
    let lateMs = 0;
    for (const fault of ways) {
      if (message.at < fault.at || message.at >= fault.at + fault.ms) continue;
      switch (fault.kind) {
        case 'drops':
          if (random() < fault.share) copies = 0;
          break;
        case 'duplicates':
          if (random() < fault.share) copies *= 2;
          break;
        case 'reordering':
          if (random() < 0.3) lateMs = random() * fault.byMs;
          break;
        case 'collector-silent':
          if (fault.collector === collector) copies = 0;
          break;
        case 'collector-lagging':
          if (fault.collector === collector) due += fault.byMs;
          break;
        case 'clock-skew':
          if (fault.collector === collector) shiftMs += fault.byMs;
          break;
      }
    }
    due = Math.max(due, heldUntil.get(collector) ?? 0);
    heldUntil.set(collector, due);
    for (let copy = 0; copy < copies; copy++) frames.push({ due: due + lateMs + copy * 700, message, shiftMs });
  }
  return frames.sort((a, b) => a.due - b.due);
}
