/** RIS Live messages as the server writes them today, from simple objects. */

export interface RisSession {
  /** rrcNN */
  readonly collector: string;
  readonly peer: string;
  readonly asn: number;
  /** Unix milliseconds. */
  readonly at: number;
}
export interface RisUpdate extends RisSession {
  /** AS path; an AS_SET is a nested list. */
  readonly path?: readonly (number | readonly number[])[];
  readonly announce?: readonly string[];
  readonly withdraw?: readonly string[];
  readonly community?: readonly (readonly [number, number])[];
}

let sequence = 0;

function data({ collector, peer, asn, at }: RisSession, rest: object): string {
  const time = Math.floor(at).toString(16).padStart(12, '0');
  const id = `${peer}-${time}${(sequence++ & 0xffff).toString(16).padStart(4, '0')}`;
  const head = { timestamp: Math.round(at) / 1000, peer, peer_asn: String(asn), id, host: `${collector}.ripe.net` };
  return JSON.stringify({ type: 'ris_message', data: { ...head, ...rest } });
}

/** The JSON text of an UPDATE. */
export function risUpdate(update: RisUpdate): string {
  const { path = [], announce = [], withdraw = [], community = [], peer } = update;
  return data(update, {
    type: 'UPDATE',
    path,
    community,
    ...(announce.length > 0 ? { origin: 'IGP' } : {}),
    announcements: announce.length > 0 ? [{ next_hop: peer, prefixes: announce }] : [],
    withdrawals: withdraw,
  });
}

/** The JSON text of a session that went up or down. */
export function risState(session: RisSession & { readonly state: 'up' | 'connected' | 'down' }): string {
  return data(session, { type: 'STATE', state: session.state });
}
