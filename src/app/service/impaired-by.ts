import type { Family, UnixMillis } from '../../core/bgp/index.js';
import type { CollectorStage, FeedState } from '../../edges/feed/index.js';
import { guardNames, type Hold } from '../../core/guards/index.js';
import { describeUsability, type Usability } from '../../core/table/index.js';
import type { Impairment } from './impairments.js';

/** Event time that stands still for so long is no longer ours to judge by. */
const standstillMs = 60_000;
/** Sessions come and go all day; so much of all full feeds at once is worth a word. */
const manySessions = 0.2;

/** What the ingest knows of its own sight at one moment. */
export interface SightNow {
  readonly now: UnixMillis;
  readonly phase: 'loading' | 'watching';
  readonly feed: FeedState;
  readonly lastTickAt: UnixMillis | null;
  readonly usability: Readonly<Record<Family, Usability>>;
  /** Families that were usable before in this life of the table. */
  readonly seen: ReadonlySet<Family>;
  readonly stages: readonly CollectorStage[];
  /** Decisions that are held back. */
  readonly holds: readonly Hold[];
  /** The registry is old, in words; null: it is not. */
  readonly registryTrouble: string | null;
  /** Full feeds, and how many of them have no vote just now, by why. */
  readonly outOfVote: {
    readonly known: number;
    readonly out: readonly { readonly because: string; readonly count: number }[];
  };
}

/** All that hinders us from seeing well just now, in words for the operator. */
export function impairedBy(sight: SightNow): Impairment[] {
  const found: Impairment[] = [];
  const blind = blindness(sight);
  if (sight.phase === 'loading') {
    const troubles = reasons(sight.stages.filter(({ why }) => why !== ''));
    found.push({
      kind: 'loading',
      text:
        'the routing tables are being loaded, and nothing is ' +
        `judged${troubles === '' ? '' : `; not had yet: ${troubles}`}`,
    });
    const deaf = sight.feed.kind === 'connecting' && sight.feed.trouble === null ? null : deafness(sight.feed);
    if (deaf !== null) found.push({ kind: 'feed', text: deaf });
  } else if (blind !== null) found.push({ kind: 'blind', text: blind });
  // Where nothing is judged every collector is missed: that is said already.
  const lost = blind === null ? sight.stages.filter(({ stage }) => stage !== 'through' && stage !== 'filling') : [];
  if (sight.phase === 'watching' && lost.length > 0) {
    found.push({ kind: 'collectors', text: `judged without ${reasons(lost)}` });
  }
  const holes = sight.stages.filter(({ stage }) => stage === 'filling');
  if (holes.length > 0)
    found.push({
      kind: 'holes',
      text: `what ${holes.map(({ collector }) => collector).join(', ')} said in a short gap could not be fetched yet`,
    });
  found.push(...sessionTrouble(sight));
  for (const guard of guardNames) {
    const words = sight.holds.filter((hold) => hold.guard === guard).map((hold) => hold.words);
    if (words.length > 0) found.push({ kind: guard, text: words.join('; ') });
  }
  if (sight.registryTrouble !== null) found.push({ kind: 'registry', text: sight.registryTrouble });
  return found.map(({ kind, text }) => ({ kind, text: clipped(text) }));
}

const reasons = (stages: readonly CollectorStage[]): string =>
  stages.map(({ collector, why }) => `${collector} (${why})`).join(', ');

function blindness({ now, feed, lastTickAt, usability, seen }: SightNow): string | null {
  const deaf = deafness(feed);
  if (deaf !== null) return deaf;
  const unusable = (['ipv4', 'ipv6'] as const).filter(
    (family) => usability[family].kind === 'unusable' && (family === 'ipv4' || seen.has(family)),
  );
  if (unusable.length > 0) {
    return unusable
      .map((family) => `${family === 'ipv4' ? 'IPv4' : 'IPv6'} is not judged (${describeUsability(usability[family])})`)
      .join('; ');
  }
  if (lastTickAt !== null && now - lastTickAt > standstillMs)
    return 'event time stands still: fewer than two collectors speak, and nothing is judged';
  return null;
}

/** Why nothing is heard of RIS Live; null: it is. */
function deafness(feed: FeedState): string | null {
  if (feed.kind === 'live') return null;
  const reason = feed.kind === 'down' ? feed.reason : feed.kind === 'connecting' ? feed.trouble : null;
  return reason === null
    ? 'RIS Live is silent, and nothing is judged'
    : `RIS Live cannot be reached (${reason}), and nothing is judged`;
}

/** A notice is one message. */
function clipped(text: string): string {
  return text.length <= 1_000 ? text : `${text.slice(0, 999)}…`;
}

function sessionTrouble({ outOfVote: { known, out } }: SightNow): Impairment[] {
  const of = (...kinds: string[]): number =>
    out.reduce((sum, { because, count }) => (kinds.includes(because) ? sum + count : sum), 0);
  const found: Impairment[] = [];
  const reset = of('session-down', 'session-up', 'table-transfer');
  if (reset > 0 && reset >= manySessions * known) {
    found.push({
      kind: 'sessions',
      text:
        `${reset} of ${known} full feeds have no vote: their sessions are down, or their tables are being sent ` +
        'again',
    });
  }
  const withdrew = of('mass-withdrawal');
  if (withdrew > 0) {
    found.push({
      kind: 'withdrawals',
      text:
        `${withdrew} of ${known} full feeds withdrew much of their table within two minutes, and have no vote ` +
        'until it is back or steady',
    });
  }
  return found;
}
