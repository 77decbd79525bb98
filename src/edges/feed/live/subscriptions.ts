const everything = 'all';

/** rrc00.ripe.net and rrc00 are the same collector; no host at all is a subscription to everything. */
const shortHost = (host: unknown): string => (typeof host === 'string' ? host.split('.', 1)[0] : everything);

/** What is asked of the server on one connection, and what of it the server has confirmed. */
export class Subscriptions {
  readonly #hosts: readonly string[];
  readonly #awaited: Set<string>;

  constructor(collectors: readonly string[] | 'all') {
    this.#hosts = collectors === 'all' ? [everything] : collectors;
    this.#awaited = new Set(this.#hosts);
  }

  /** The messages to send. No `type` is named: state messages are wanted as well as updates. */
  get requests(): readonly string[] {
    return this.#hosts.map((host) => {
      const filter = host === everything ? {} : { host };
      return JSON.stringify({
        type: 'ris_subscribe',
        data: { ...filter, socketOptions: { acknowledge: true, includeRaw: false } },
      });
    });
  }

  get awaited(): readonly string[] {
    return [...this.#awaited];
  }

  get allConfirmed(): boolean {
    return this.#awaited.size === 0;
  }

  /** Takes a ris_subscribe_ok, which repeats the subscription it answers. */
  confirm(frame: Uint8Array): void {
    const ack = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString('utf8')) as {
      readonly data?: { readonly subscription?: { readonly host?: unknown } | null } | null;
    };
    this.#awaited.delete(shortHost(ack.data?.subscription?.host));
  }
}
