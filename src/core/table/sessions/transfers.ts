import type { Peer, UnixMillis } from '../../bgp/index.js';

/** As many are remembered; older ones are forgotten first. */
const maxTransfers = 1000;

/** A full feed sent its whole table again, without its session's word. */
export interface TableTransfer {
  readonly collector: string;
  readonly address: string;
  readonly asn: number;
  /** When it was recognised. */
  readonly from: UnixMillis;
  /** When its table was whole again, or given up for it; null: not yet, or its session ended before. */
  readonly to: UnixMillis | null;
  /** How much of the table was seen again, 0..1. */
  readonly share: number;
}

/** The latest table transfers that were recognised by their volume. */
export class Transfers {
  #list: TableTransfer[] = [];
  /** The one under way, by peer. */
  readonly #open = new Map<number, TableTransfer>();

  get list(): readonly TableTransfer[] {
    return this.#list;
  }

  begin({ index, collector, address, asn }: Peer, from: UnixMillis): void {
    this.#list = [...this.#list.slice(1 - maxTransfers), { collector, address, asn, from, to: null, share: 0 }];
    this.#open.set(index, this.#list[this.#list.length - 1]);
  }

  follow({ index }: Peer, share: number): void {
    this.#replace(index, (transfer) => ({ ...transfer, share }));
  }

  end({ index }: Peer, to: UnixMillis | null): void {
    this.#replace(index, (transfer) => ({ ...transfer, to }));
    this.#open.delete(index);
  }

  #replace(index: number, renew: (transfer: TableTransfer) => TableTransfer): void {
    const old = this.#open.get(index);
    if (old === undefined) return;
    const renewed = renew(old);
    this.#open.set(index, renewed);
    const place = this.#list.indexOf(old);
    if (place >= 0) this.#list[place] = renewed;
  }
}
