import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { canonicalAddress, formatPrefix, parsePrefix, prefixLength } from '../../../src/core/bgp/index.js';

test('a prefix in any spelling has one code and one text', () => {
  const table: [text: string, family: 0 | 1, code: number, canonical: string][] = [
    ['0.0.0.0/0', 0, 1, '0.0.0.0/0'],
    ['10.0.0.0/8', 0, 2 ** 8 + 10, '10.0.0.0/8'],
    ['10.255.255.255/8', 0, 2 ** 8 + 10, '10.0.0.0/8'],
    ['175.45.176.0/24', 0, 2 ** 24 + 0xaf2db0, '175.45.176.0/24'],
    ['255.255.255.255/32', 0, 2 ** 33 - 1, '255.255.255.255/32'],
    ['::/0', 1, 1, '::/0'],
    ['2605:de00:bb:0:0:0:0:0/48', 1, 2 ** 48 + 0x2605de0000bb, '2605:de00:bb::/48'],
    ['2605:DE00:00bb::1/48', 1, 2 ** 48 + 0x2605de0000bb, '2605:de00:bb::/48'],
    ['2804:7f5:8000::/33', 1, 2 ** 33 + 0x280407f5 * 2 + 1, '2804:7f5:8000::/33'],
    ['1:2:3:4:5:6:7::/20', 1, 2 ** 20 + 0x10, '1::/20'],
  ];
  for (const [text, family, code, canonical] of table) {
    assert.deepEqual(parsePrefix(text), { family, code }, text);
    assert.equal(formatPrefix(family, code), canonical);
    assert.equal(prefixLength(code), Number(text.split('/')[1]));
  }
});

test('a text that is not a prefix is refused', () => {
  const none = [
    '',
    'eor',
    '1.2.3.4',
    '1.2.3/8',
    '1.2.3.4.5/8',
    '1.2.3.256/8',
    '01.2.3.4/8',
    '1.2.3.4/33',
    '1.2.3.4/08',
    '1.2.3.4/-1',
    '1.2.3.4/',
    '1.2.3.4/8 ',
  ];
  const none6 = [
    '2001:db8::/129',
    '2001:db8::/048',
    '1:2:3:4:5:6:7/8',
    '1:2:3:4:5:6:7:8:9/8',
    '1:2:3:4:5:6:7:8::/8',
    '1::2::3/8',
    ':1::/8',
    '1:/8',
    '12345::/8',
    'g::/8',
  ];
  const long = ['2001:db8::/49', '::1/128', '1::/8é', `${'0'.repeat(80)}::/8`];
  for (const text of [...none, ...none6, ...long]) assert.equal(parsePrefix(text), null, text);
});

const spelling = fc.constantFrom('full', 'short', 'upper');
const octets = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.constantFrom(0, 0, 1, 127, 255, 32), { minLength: length, maxLength: length });

test('prefixes and addresses read as ipaddr.js reads them', () => {
  const prefixes = fc.oneof(
    fc.tuple(octets(4), fc.integer({ min: 0, max: 32 }), spelling),
    fc.tuple(octets(16), fc.integer({ min: 0, max: 48 }), spelling),
  );
  fc.assert(
    fc.property(prefixes, ([bytes, length, spelled]) => {
      const address = ipaddr.fromByteArray(bytes);
      const text =
        spelled === 'full' && address instanceof ipaddr.IPv6 ? address.toNormalizedString() : address.toString();
      const cidr = `${spelled === 'upper' ? text.toUpperCase() : text}/${length}`;
      const parsed = parsePrefix(cidr);
      assert(parsed !== null, cidr);
      const network = (bytes.length === 4 ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(cidr);
      assert.equal(formatPrefix(parsed.family, parsed.code), `${network.toString()}/${length}`);
      assert.equal(prefixLength(parsed.code), length);
      assert.equal(
        canonicalAddress(text),
        address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString(),
      );
    }),
    { seed: 20141222, numRuns: 2000 },
  );
});

test('a text that ipaddr.js refuses is refused here too', () => {
  const text = fc.string({
    unit: fc.constantFrom('0', '1', '2', '9', 'a', 'F', ':', ':', '::', '.', '.', '/'),
    maxLength: 24,
  });
  fc.assert(
    fc.property(text, (candidate) => {
      const canonical = canonicalAddress(candidate);
      if (canonical !== null) assert.equal(ipaddr.parse(candidate).toString(), ipaddr.parse(canonical).toString());
      if (parsePrefix(candidate) !== null) assert.doesNotThrow(() => ipaddr.parseCIDR(candidate));
    }),
    { seed: 20141222, numRuns: 5000 },
  );
});
