import { familyNames, type Family } from '../../../core/bgp/index.js';
import type { CollectorStage, FeedState } from '../../../edges/feed/index.js';
import { guardNames, type Hold } from '../../../core/guards/index.js';
import { clip } from '../../../core/report/index.js';
import { describeUsability, type Usability } from '../../../core/table/index.js';
import { minuteMs, type UnixMillis } from '../../../core/time.js';
import type { Impairment } from './impairments.js';

/** After event time has stood still for this long, nothing is being judged. */
const standstillMs = minuteMs;
/** Sessions come and go all day. The operator is told if this share of all full feeds is away at once. */
const manySessions = 0.2;

/** A notice is one message, which holds 2,000 characters. */
const mostText = 1_000;

/** What impairments are found by. */
export interface ImpairmentSigns {
  readonly now: UnixMillis;
  readonly phase: 'loading' | 'watching';
  readonly feed: FeedState;
  readonly lastTickAt: UnixMillis | null;
  readonly usability: Readonly<Record<Family, Usability>>;
  /** Families that were usable before, since this table was loaded. */
  readonly seen: ReadonlySet<Family>;
  readonly stages: readonly CollectorStage[];
  /** Decisions that are held back. */
  readonly holds: readonly Hold[];
  /** Why the registry is old; null if it is not. */
  readonly registryTrouble: string | null;
  /** How many full feeds there are, and how many of them have no vote now, by cause. */
  readonly outOfVote: {
    readonly known: number;
    readonly out: readonly { readonly because: string; readonly count: number }[];
  };
}

/** All that keeps us from seeing well now, in words for the operator. */
export function findImpairments(signs: ImpairmentSigns): Impairment[] {
  const found: Impairment[] = [];
  const blind = blindness(signs);
  if (signs.phase === 'loading') {
    const troubles = reasons(signs.stages.filter(({ why }) => why !== ''));
    found.push({
      kind: 'loading',
      text:
        'the routing tables are being loaded, and nothing is ' +
        `judged${troubles === '' ? '' : `; not had yet: ${troubles}`}`,
    });
    const deaf = signs.feed.kind === 'connecting' && signs.feed.trouble === null ? null : deafness(signs.feed);
    if (deaf !== null) found.push({ kind: 'feed', text: deaf });
  } else if (blind !== null) found.push({ kind: 'blind', text: blind });
  // If nothing is judged, no collector's absence needs to be named as well.
  const lost = blind === null ? signs.stages.filter(({ stage }) => stage !== 'through' && stage !== 'filling') : [];
  if (signs.phase === 'watching' && lost.length > 0) {
    found.push({ kind: 'collectors', text: `judged without ${reasons(lost)}` });
  }
  const holes = signs.stages.filter(({ stage }) => stage === 'filling');
  if (holes.length > 0)
    found.push({
      kind: 'holes',
      text: `what ${holes.map(({ collector }) => collector).join(', ')} said in a short gap could not be fetched yet`,
    });
  found.push(...sessionTrouble(signs));
  for (const guard of guardNames) {
    const words = signs.holds.filter((hold) => hold.guard === guard).map((hold) => hold.words);
    if (words.length > 0) found.push({ kind: guard, text: words.join('; ') });
  }
  if (signs.registryTrouble !== null) found.push({ kind: 'registry', text: signs.registryTrouble });
  return found.map(({ kind, text }) => ({ kind, text: clip(text, mostText) }));
}

const reasons = (stages: readonly CollectorStage[]): string =>
  stages.map(({ collector, why }) => `${collector} (${why})`).join(', ');

function blindness({ now, feed, lastTickAt, usability, seen }: ImpairmentSigns): string | null {
  const deaf = deafness(feed);
  if (deaf !== null) return deaf;
  const unusable = (['ipv4', 'ipv6'] as const).filter(
    (family) => usability[family].kind === 'unusable' && (family === 'ipv4' || seen.has(family)),
  );
  if (unusable.length > 0) {
    return unusable
      .map((family) => `${familyNames[family]} is not judged (${describeUsability(usability[family])})`)
      .join('; ');
  }
  if (lastTickAt !== null && now - lastTickAt > standstillMs)
    return 'event time stands still: fewer than two collectors speak, and nothing is judged';
  return null;
}

/** Why nothing comes from RIS Live; null if it is live. */
function deafness(feed: FeedState): string | null {
  if (feed.kind === 'live') return null;
  const reason = feed.kind === 'down' ? feed.reason : feed.kind === 'connecting' ? feed.trouble : null;
  return reason === null
    ? 'RIS Live is silent, and nothing is judged'
    : `RIS Live cannot be reached (${reason}), and nothing is judged`;
}

function sessionTrouble({ outOfVote: { known, out } }: ImpairmentSigns): Impairment[] {
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
