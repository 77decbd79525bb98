import type { FamilyIndex } from '../bgp/index.js';
import type { Group } from './group.js';
import type { Holdings } from './units/holdings.js';
import type { NetworkChange } from './units/network-change.js';
import { heldBy, networkChanges, NetworkUnits } from './units/networks.js';
import type { BothMemories } from './units/prefix-memory.js';

/** Units by origin ASN; 'stored': only of the networks that were stored. */
interface ByAsn {
  readonly kind: 'all' | 'stored';
  readonly units: ReadonlyMap<number, number>;
}
type Before = { readonly kind: 'by-prefix' } | ByAsn;

/**
 * What the networks of each country and group had when it was last whole. A country's "before" is kept by prefix until
 * it is asked for in trouble, then by ASN; after a restart in trouble there are only the networks that were stored. A
 * group's is kept by ASN.
 */
export class NetworksBefore {
  readonly #holdings: Holdings;
  readonly #memories: BothMemories;
  /** By code; unknown if missing. */
  readonly #before: readonly [Map<string, Before>, Map<string, Before>] = [new Map(), new Map()];

  constructor(holdings: Holdings, memories: BothMemories) {
    this.#holdings = holdings;
    this.#memories = memories;
  }

  /** Takes over the stored networks of a country in trouble, which count until it is whole again. */
  restoreStored(code: string, family: FamilyIndex, networks: readonly NetworkChange[]): void {
    if (networks.length === 0) return;
    const units = new Map(networks.map(({ asn, before }) => [asn, before]));
    this.#before[family].set(code, { kind: 'stored', units });
  }

  /** A snapshot has the "before" of this country by prefix. Stored networks are newer and stay. */
  restoreByPrefix(code: string, family: FamilyIndex): void {
    if (!this.#before[family].has(code)) this.#before[family].set(code, { kind: 'by-prefix' });
  }

  /** Whether the country's "before" stands by prefix. It stays there even when it was counted by ASN. */
  isByPrefix(code: string, family: FamilyIndex): boolean {
    return (this.#before[family].get(code)?.kind ?? 'stored') !== 'stored';
  }

  /** What was counted by ASN was counted with the old registry; by prefix it can be counted again. */
  registryChanged(code: string): void {
    for (const before of this.#before) if (before.get(code)?.kind === 'all') before.set(code, { kind: 'by-prefix' });
  }

  /** These countries and groups are whole: what they have now is their "before". `numbers`: 1 for each such country. */
  remember(family: FamilyIndex, countries: readonly string[], numbers: Uint8Array, groups: readonly Group[]): void {
    for (const code of countries) this.#before[family].set(code, { kind: 'by-prefix' });
    this.#memories[family].remember(numbers);
    for (const group of groups)
      this.#before[family].set(group.definition.code, { kind: 'all', units: this.#networksNow(group, family) });
  }

  /**
   * What became of the networks of these countries and groups since each was last whole: those that lost most first,
   * then those with most left. Leaves out those whose "before" is unknown. Reads the whole table once for all.
   */
  changes(
    family: FamilyIndex,
    codes: ReadonlySet<string>,
    groups: readonly Group[],
  ): Map<string, readonly NetworkChange[]> {
    const changes = new Map<string, readonly NetworkChange[]>();
    for (const group of groups) {
      const { code } = group.definition;
      const before = codes.has(code) ? this.#before[family].get(code) : undefined;
      if (before === undefined || before.kind === 'by-prefix') continue;
      changes.set(code, networkChanges(before.units, this.#networksNow(group, family), before.kind === 'all'));
    }
    this.#changesOfCountries(family, codes, changes);
    return changes;
  }

  #changesOfCountries(
    family: FamilyIndex,
    codes: ReadonlySet<string>,
    changes: Map<string, readonly NetworkChange[]>,
  ): void {
    const { map } = this.#holdings;
    const before = map.codes.map((code) => (codes.has(code) ? this.#before[family].get(code) : undefined));
    if (before.every((known) => known === undefined)) return;
    const units = before.map(() => ({ before: new NetworkUnits(family), now: new NetworkUnits(family) }));
    const isByPrefix = before.map((known) => known?.kind === 'by-prefix');
    const wanted = Uint8Array.from(before, (known) => (known === undefined ? 0 : 1));
    this.#memories[family].compare(wanted, (owner, code, originBefore, originNow) => {
      if (isByPrefix[owner]) units[owner].before.add(originBefore, code);
      units[owner].now.add(originNow, code);
    });
    for (const [number, known] of before.entries()) {
      if (known === undefined) continue;
      const held = heldBy(map, family, number);
      // It does not change until the country is whole again, so it is counted once.
      const counted: ByAsn =
        known.kind === 'by-prefix' ? { kind: 'all', units: units[number].before.counts(held) } : known;
      this.#before[family].set(map.codes[number], counted);
      const now = units[number].now.counts(held);
      changes.set(map.codes[number], networkChanges(counted.units, now, counted.kind === 'all'));
    }
  }

  #networksNow(group: Group, family: FamilyIndex): Map<number, number> {
    const { origins } = this.#memories[family].prefixes;
    return group.networks(family, (id) => origins[id]);
  }
}
