import { isSettled, levelRank, type Level, type Reason, type TroubledState } from '../detector/index.js';
import { shareOf, type EventKind, type IncidentEvent } from './event.js';
import { createEvent, type EventFacts } from './event-facts.js';
import { followUpDue } from './follow-ups.js';
import type { ClosedIncident, FamilyIncident, OpenIncident } from './incident.js';
import type { IncidentSettings } from './settings.js';
import { dayMs, hourMs, minuteMs, type UnixMillis } from '../time.js';

/** One judged tick of one family. */
export interface FamilyTick {
  readonly facts: EventFacts;
  readonly reason: Reason;
  /** False: it is a line in the other family's incident, and of its own incident only the end is told. */
  readonly alone: boolean;
}

export interface Folded {
  readonly incident: FamilyIncident;
  readonly event: IncidentEvent | null;
}

/** At most one event a tick: what is owed besides is still owed at the next one. */
export function foldFamily(incident: FamilyIncident, tick: FamilyTick, settings: IncidentSettings): Folded {
  if (incident.kind !== 'open') return openOrReopen(incident, tick, settings);
  const open = noteLowest(noteLeaving(dropIdleAdoption(incident, tick), tick), tick);
  return (
    worsen(open, tick, settings) ??
    close(open, tick, settings) ??
    tellPartial(open, tick, settings) ??
    followUp(open, tick, settings) ?? { incident: open, event: null }
  );
}

function isAbove(level: Level, other: Level): boolean {
  return levelRank(level) > levelRank(other);
}

function openOrReopen(
  last: Exclude<FamilyIncident, OpenIncident>,
  tick: FamilyTick,
  settings: IncidentSettings,
): Folded {
  const { facts, alone } = tick;
  const { after, sample } = facts;
  const ignored = last.kind === 'closed' ? last.ignored : 'normal';
  if (!isAbove(after.level, ignored)) {
    const lowered = last.kind === 'closed' && isAbove(ignored, after.level);
    return { incident: lowered ? { ...last, ignored: after.level } : last, event: null };
  }
  // Told late, when the other family is back, it may be on its way back as well: then there is nothing to tell.
  if (after.level === 'normal' || !alone || isRecovering(after)) return { incident: last, event: null };
  if (last.kind === 'closed' && !last.adopted && after.since - last.closedAt <= settings.relapseMs) {
    // Its end was told: what is told from here on lasts since now.
    const relapsed = {
      ...noteLowest(last.last, tick),
      relapses: last.last.relapses + 1,
      clock: after.since,
      followedUpMs: 0,
    };
    return tellFall(placed(relapsed, after, settings), 'down-again', after, facts, settings);
  }
  const opened: OpenIncident = {
    kind: 'open',
    id: `${sample.country}-${sample.family}-${after.since}`,
    events: 0,
    onset: after.onset,
    worst: after.level,
    since: after.since,
    until: null,
    atWorst: true,
    told: after.level,
    clock: after.since,
    followedUpMs: 0,
    postedAt: facts.at,
    relapses: 0,
    lowest: shareOf(sample.units, facts.baseline.units),
    partial: false,
    adoptionAsked: false,
  };
  return tellFall(opened, 'opened', after, facts, settings);
}

function isRecovering({ level, leaving }: TroubledState): boolean {
  const run = leaving[level];
  return run !== null && run.lapsedAt === null;
}

/** What is normal again needs no adoption; and a word given for this fall is none for the next. */
function dropIdleAdoption(open: OpenIncident, { facts }: FamilyTick): OpenIncident {
  return open.adoptionAsked && facts.after.level === 'normal' ? { ...open, adoptionAsked: false } : open;
}

function noteLeaving(open: OpenIncident, { facts: { after }, reason }: FamilyTick): OpenIncident {
  if (!open.atWorst || !isAbove(open.worst, after.level)) return open;
  const until = reason.kind === 'left' && reason.from === open.worst ? reason.until : after.since;
  return { ...open, atWorst: false, until };
}

function noteLowest(open: OpenIncident, { facts: { sample, baseline } }: FamilyTick): OpenIncident {
  const share = shareOf(sample.units, baseline.units);
  return share < open.lowest ? { ...open, lowest: share } : open;
}

/** A new worst, or back at the old one. */
function worsen(open: OpenIncident, { facts, alone }: FamilyTick, settings: IncidentSettings): Folded | null {
  const { after, at } = facts;
  if (after.level === 'normal') return null;
  if (isAbove(after.level, open.worst)) {
    return alone && !isRecovering(after)
      ? tellFall(placed(open, after, settings), 'escalated', after, facts, settings)
      : null;
  }
  if (after.level === open.worst && !open.atWorst) {
    const back = placed({ ...open, relapses: open.relapses + 1 }, after, settings);
    const isDue = at - open.postedAt >= settings.downAgainEveryMs || isAbove(after.level, open.told);
    return alone && isDue ? tellFall(back, 'down-again', after, facts, settings) : { incident: back, event: null };
  }
  // Reopened at a lower level than its worst, it fell further: those who heard the lower one hear this.
  return alone && isAbove(after.level, open.told) ? tellFall(open, 'down-again', after, facts, settings) : null;
}

/** A post that starts the hourly limit and overtakes the follow-ups due by now. */
function tellFall(
  open: OpenIncident,
  kind: 'opened' | 'escalated' | 'down-again',
  after: TroubledState,
  facts: EventFacts,
  settings: IncidentSettings,
): Folded {
  const { at } = facts;
  const followedUpMs = Math.max(open.followedUpMs, followUpDue(at - open.clock, settings));
  return tell({ ...open, told: after.level, postedAt: at, followedUpMs }, kind, facts, settings, {
    since: after.since,
    reason: after.cause.text,
    instability: after.cause.kind === 'entered' ? after.cause.instability : null,
    relapses: kind === 'down-again' ? open.relapses : 0,
  });
}

/** The incident with its worst, and the follow-up clock, as the level it is now at makes them. */
function placed(open: OpenIncident, { level, since }: TroubledState, settings: IncidentSettings): OpenIncident {
  if (isAbove(level, open.worst)) {
    return { ...open, worst: level, since, until: null, atWorst: true, clock: since, followedUpMs: 0 };
  }
  if (level !== open.worst) return open;
  const isLongLapse = open.until !== null && since - open.until > settings.relapseMs;
  return { ...open, atWorst: true, ...(isLongLapse ? { clock: since, followedUpMs: 0 } : {}) };
}

function close(open: OpenIncident, { facts }: FamilyTick, settings: IncidentSettings): Folded | null {
  const { after, at } = facts;
  if (after.level === 'normal') {
    const { recovery, since } = after;
    if (recovery?.kind === 'whole' && recovery.spell.lapsedAt === null)
      return tellClose(open, 'restored', recovery.text, facts, settings);
    const { normalMs } = settings.restored;
    if (since === null || at - since < normalMs || !isSettled(after)) return null;
    // Time in which nobody looked is no proof.
    if (facts.sample.shares.spread(normalMs) === null) return null;
    return tellClose(open, 'restored', `level normal for ${normalMs / hourMs} h`, facts, settings);
  }
  if (open.adoptionAsked) return tellClose(open, 'new-normal', 'adopted by the operator', facts, settings);
  const { steadyMs, spread, minShare, maxShare } = settings.newNormal;
  const share = facts.sample.units / facts.baseline.units;
  if (share < minShare || share >= maxShare || !isSettled(after) || !isSteady(facts, steadyMs, spread)) return null;
  const text = `share ${share.toFixed(4)}, moved by no more than ${spread} for ${steadyMs / dayMs} days`;
  return tellClose(open, 'new-normal', text, facts, settings);
}

function tellClose(
  open: OpenIncident,
  kind: 'restored' | 'new-normal',
  reason: string,
  facts: EventFacts,
  settings: IncidentSettings,
): Folded {
  const isRestored = kind === 'restored';
  const { incident, event } = tell(open, kind, facts, settings, {
    since: open.since,
    until: isRestored ? open.until : null,
    reason,
  });
  const closed: ClosedIncident = {
    kind: 'closed',
    last: incident,
    closedAt: facts.at,
    adopted: !isRestored,
    ignored: isRestored ? 'normal' : facts.after.level,
  };
  return { incident: closed, event };
}

function tellPartial(open: OpenIncident, { facts, alone }: FamilyTick, settings: IncidentSettings): Folded | null {
  const { steadyMs, spread } = settings.partial;
  if (open.partial || open.atWorst || open.until === null || !alone || !isSettled(facts.after)) return null;
  if (facts.at - open.until < steadyMs || !isSteady(facts, steadyMs, spread)) return null;
  const followedUpMs = Math.max(open.followedUpMs, followUpDue(facts.at - open.clock, settings));
  return tell({ ...open, partial: true, followedUpMs }, 'partially-restored', facts, settings, {
    since: open.since,
    until: open.until,
    reason: `below ${open.worst}, share moved by no more than ${spread} for ${steadyMs / minuteMs} min`,
  });
}

/** What is on its way to another level is not said to have lasted: it may be over by now. */
function followUp(open: OpenIncident, { facts, alone }: FamilyTick, settings: IncidentSettings): Folded | null {
  const { at, after } = facts;
  if (!alone || !isSettled(after) || (after.level !== 'major' && after.level !== 'down')) return null;
  const dueMs = followUpDue(at - open.clock, settings);
  if (dueMs <= open.followedUpMs) return null;
  return tell({ ...open, followedUpMs: dueMs }, 'follow-up', facts, settings, {
    since: open.clock,
    reason: `${after.level} ${dueMs / hourMs} h after its worst began`,
  });
}

function isSteady({ sample }: EventFacts, steadyMs: number, spread: number): boolean {
  const moved = sample.shares.spread(steadyMs);
  return moved !== null && moved <= spread;
}

function tell(
  open: OpenIncident,
  kind: EventKind,
  facts: EventFacts,
  settings: IncidentSettings,
  told: { readonly since: UnixMillis; readonly reason: string } & Partial<
    Pick<IncidentEvent, 'until' | 'instability' | 'relapses'>
  >,
): { readonly incident: OpenIncident; readonly event: IncidentEvent } {
  const incident = { ...open, events: open.events + 1 };
  const event = createEvent(facts, open.clock, settings, {
    ...told,
    id: `${open.id}/${incident.events}`,
    incident: open.id,
    kind,
    worst: open.worst,
    onset: open.onset,
    lowest: open.lowest,
  });
  return { incident, event };
}
