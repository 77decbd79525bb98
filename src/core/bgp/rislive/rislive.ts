/**
 * RIS Live JSON (https://ris-live.ripe.net/manual/) to elems: the scanner for what is common, JSON.parse for all the
 * rest.
 */
import type { ElemBatch } from '../elem.js';
import type { PeerIndex } from '../peer.js';
import {
  decodeRisLiveJson,
  messageOutcome,
  risLiveProblems,
  type RisLiveOutcome,
  type RisLiveProblem,
} from './json.js';
import { RisLiveScanner } from './scanner.js';

export interface RisLiveCounters {
  /** ris_messages whose elems were appended. */
  messages: number;
  /** Frames the scanner left to JSON.parse. Many of them, while messages flow: the server writes differently now. */
  fallbacks: number;
  /** Frames dropped, by reason. */
  readonly problems: Record<RisLiveProblem, number>;
}

export interface RisLiveDecoder {
  readonly counters: Readonly<RisLiveCounters>;
  /**
   * Decodes one frame (one JSON value, UTF-8) and appends its elems. Never throws; on a problem nothing was appended
   * and no peer was made.
   */
  decode(bytes: Uint8Array, into: ElemBatch): RisLiveOutcome;
}

export function createRisLiveDecoder(peers: PeerIndex): RisLiveDecoder {
  const scanner = new RisLiveScanner(peers);
  const counters: RisLiveCounters = {
    messages: 0,
    fallbacks: 0,
    problems: Object.fromEntries(risLiveProblems.map((reason) => [reason, 0])) as Record<RisLiveProblem, number>,
  };
  return {
    counters,
    decode(bytes, into) {
      if (scanner.scan(bytes, into)) {
        counters.messages++;
        return messageOutcome;
      }
      counters.fallbacks++;
      const outcome = decodeRisLiveJson(bytes, peers, into);
      if (outcome.kind === 'message') counters.messages++;
      else if (outcome.kind === 'problem') counters.problems[outcome.reason]++;
      return outcome;
    },
  };
}
