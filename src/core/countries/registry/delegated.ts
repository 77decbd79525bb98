import type { CountryMap } from './country-map.js';
import { ipv6Unit, RegistryRanges } from './registry-ranges.js';

/** Nobody was ever given more than a /13; what says so is damaged, and would give a continent to one country. */
const shortestIpv6 = 12;

/** What a delegated file said, beside its ranges. */
export interface DelegatedCounts {
  /** Day of the file itself by its header, YYYYMMDD; null: it has no header. */
  readonly day: string | null;
  /** Lines whose range is somebody's: allocated or assigned. */
  readonly kept: number;
  /** Lines that are no line of the format, and cost only themselves. */
  readonly damaged: number;
}

/**
 * Reads the RIRs' delegated statistics (extended format 2.3, as in nro-delegated-stats), line by line:
 * `registry|cc|type|start|value|date|status|...`. An IPv4 value is a count of addresses, and not always a power of two;
 * an IPv6 value a prefix length. Header, summaries, comments and ASNs are passed over, as is what nobody holds.
 */
export class DelegatedReader {
  readonly #ranges = new RegistryRanges();
  #day: string | null = null;
  #kept = 0;
  #damaged = 0;

  line(text: string): void {
    const line = text.trimEnd();
    if (line === '' || line.startsWith('#')) return;
    const fields = line.split('|');
    const [first, code = '', type, start = '', value = '', , status = ''] = fields;
    if (/^\d+(\.\d+)?$/.test(first)) {
      this.#day ??= dayOf(fields);
      return;
    }
    if (type === 'asn' || fields.at(-1) === 'summary') return;
    const isHeld = status === 'allocated' || status === 'assigned';
    // available, reserved, and what the IANA calls ietf.
    if (!isHeld && /^[a-z]+$/.test(status)) return;
    if (isHeld && (type === 'ipv4' || type === 'ipv6') && this.#range(type, code, start, value)) this.#kept++;
    else this.#damaged++;
  }

  get counts(): DelegatedCounts {
    return { day: this.#day, kept: this.#kept, damaged: this.#damaged };
  }

  map(): CountryMap {
    return this.#ranges.map();
  }

  #range(type: 'ipv4' | 'ipv6', code: string, start: string, value: string): boolean {
    if (!/^\d{1,10}$/.test(value)) return false;
    if (type === 'ipv4') {
      const address = ipv4Address(start);
      const count = Number(value);
      if (address === null || count === 0 || address + count > 2 ** 32) return false;
      return this.#ranges.add(0, address / 256, (address + count) / 256, code);
    }
    const length = Number(value);
    const unit = ipv6Unit(start, 0);
    if (unit === null || length < shortestIpv6 || length > 128) return false;
    const span = 2 ** (48 - length);
    // A start that is not the prefix's own is no start.
    if (length <= 48 && unit % span !== 0) return false;
    return this.#ranges.add(1, unit, unit + span, code);
  }
}

/**
 * `version|registry|serial|records|startdate|enddate|UTCoffset`: the serial mostly is the day of the file, else the
 * last of its data is.
 */
function dayOf([, , serial, , , endDate]: readonly string[]): string | null {
  return [serial, endDate].find((text) => /^(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])$/.test(text)) ?? null;
}

function ipv4Address(text: string): number | null {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (octets === undefined || octets.some((octet) => octet > 255)) return null;
  return octets.reduce((address, octet) => address * 256 + octet, 0);
}
