import { parsePrefix, prefixLength, type FamilyIndex } from '../../bgp/index.js';

/**
 * Lengths that count, by family. Shorter ones, the default route above all, would cover whole countries; longer ones
 * few networks carry.
 */
export const countedLengths = [
  { shortest: 8, longest: 24 },
  { shortest: 19, longest: 48 },
] as const;

/**
 * Address space that no country can lose: bogons (RFC 6890, RFC 8190's registries), RIS beacons (RIPE-NCC's list), and
 * for IPv6 everything outside global unicast 2000::/3. A prefix inside one of these is not counted.
 */
export const excluded: readonly [readonly string[], readonly string[]] = [
  [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
    '84.205.64.0/19',
    '93.175.144.0/20',
  ],
  ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '2001:7fb::/32'],
];

const codes = excluded.map((texts) => new Set(texts.map((text) => parsePrefix(text)!.code)));
const globalUnicast = parsePrefix('2000::/3')!.code;

/** Whether a prefix is kept in the table at all. */
export function isCounted(family: FamilyIndex, code: number): boolean {
  const length = prefixLength(code);
  const { shortest, longest } = countedLengths[family];
  if (length < shortest || length > longest) return false;
  const set = codes[family];
  let inUnicast = family === 0;
  for (let covering = code; covering >= 1; covering = Math.floor(covering / 2)) {
    if (set.has(covering)) return false;
    if (covering === globalUnicast) inUnicast = true;
  }
  return inUnicast;
}
