import type { FeedHealth } from '../../../../core/incidents/index.js';
import { elapsed, moment } from '../../../../core/report/index.js';
import { minuteMs, type UnixMillis } from '../../../../core/time.js';
import { familyNames, type Family } from '../../../../core/bgp/index.js';

/** The ingest writes each minute: two missed are a fault. */
export const freshMs = 3 * minuteMs;

/**
 * What lightsout sees just now. clear: both families are judged. partly: one is not. blind: none is, and what is
 * remembered is old. `asOf`: what is said is as it was then; null: nothing was ever seen. `warning`: what to say first,
 * in plain words.
 */
export type Sight =
  | { readonly kind: 'clear'; readonly asOf: UnixMillis }
  | { readonly kind: 'partly'; readonly asOf: UnixMillis; readonly blind: Family; readonly warning: string }
  | { readonly kind: 'blind'; readonly asOf: UnixMillis | null; readonly warning: string };

/** Nothing that is older than a few minutes may pass for the present. */
export function sightOf(health: FeedHealth | null, now: UnixMillis): Sight {
  if (health === null)
    return blind(
      'Nothing was ever measured here: the part of lightsout that watches the Internet has not started yet.',
      null,
      now,
    );
  const { eventTime, families } = health;
  if (now - health.at > freshMs) {
    return blind(
      `The part of lightsout that watches the Internet has not been heard of for ${elapsed(now - health.at)}.`,
      eventTime,
      now,
    );
  }
  switch (health.phase) {
    case 'loading':
      return blind('lightsout is loading the routing tables, and judges nothing until they are there.', eventTime, now);
    case 'stopped':
      return blind('The part of lightsout that watches the Internet has stopped.', eventTime, now);
    case 'watching':
  }
  if (families === null || eventTime === null)
    return blind('lightsout has only just begun to watch, and has judged nothing yet.', eventTime, now);
  if (now - eventTime > freshMs)
    return blind(`The stream of routing data stands still, or is ${elapsed(now - eventTime)} late.`, eventTime, now);
  const { ipv4, ipv6 } = families;
  if (!ipv4.usable && !ipv6.usable)
    return blind(`Too few networks are seen to judge by (${ipv4.text}).`, eventTime, now);
  if (ipv4.usable && ipv6.usable) return { kind: 'clear', asOf: eventTime };
  const [family, text]: [Family, string] = ipv4.usable ? ['ipv6', ipv6.text] : ['ipv4', ipv4.text];
  const name = familyNames[family];
  return {
    kind: 'partly',
    asOf: eventTime,
    blind: family,
    warning: `⚠️ ${name} cannot be judged just now (${text}): what is said of it is old.`,
  };
}

function blind(why: string, asOf: UnixMillis | null, now: UnixMillis): Sight {
  const from =
    asOf === null
      ? 'So it is not known whether anything is down.'
      : `What follows is from ${dated(asOf, now)}; what happened since is not known.`;
  return { kind: 'blind', asOf, warning: `⚠️ **This is not the present.** ${why} ${from}` };
}

/** "16:15 UTC (14 min ago)", the age counted by Discord. */
export function dated(at: UnixMillis, now: UnixMillis): string {
  return `${moment(at, now)} (${ago(at)})`;
}

/** Discord's own clock in the reader's language: "14 minutes ago". */
export function ago(at: UnixMillis): string {
  return `<t:${Math.floor(at / 1000)}:R>`;
}

/** Discord's own clock: date and time where the reader is, and how long ago. */
export function localTime(at: UnixMillis): string {
  return `<t:${Math.floor(at / 1000)}:f> (${ago(at)})`;
}

/** Whether a family can be judged now. */
export function sees(sight: Sight, family: Family): boolean {
  return sight.kind === 'clear' || (sight.kind === 'partly' && sight.blind !== family);
}

/** The warning as lines to put first; none where all is well. */
export function warningOf(sight: Sight): string[] {
  return sight.kind === 'clear' ? [] : [sight.warning];
}
