import { countryCodes } from '../../../src/core/countries/index.js';

/**
 * A small registry file. The first country is KP with 175.45.176.0/22 and `more`; each of the others has `units` /24s
 * of a /16 of its own, and a /32 of IPv6.
 */
export function delegatedFile({
  day = '20270101',
  countries = 220,
  units = 100,
  more = [],
}: {
  readonly day?: string;
  readonly countries?: number;
  readonly units?: number;
  readonly more?: readonly string[];
} = {}): Buffer {
  const codes = ['KP', ...countryCodes.filter((code) => code !== 'KP')].slice(0, countries);
  const line = (code: string, type: string, start: string, value: number): string =>
    `nro|${code}|${type}|${start}|${value}|20200101|allocated|x|e-stats`;
  const lines = codes.flatMap((code, index) => [
    code === 'KP' ? line(code, 'ipv4', '175.45.176.0', 1024) : line(code, 'ipv4', `133.${index}.0.0`, units * 256),
    line(code, 'ipv6', `${(0x2a00 + index).toString(16)}::`, 32),
  ]);
  return Buffer.from([`2.3|nro|${day}|${lines.length}|19830101|${day}|+0000`, ...lines, ...more, ''].join('\n'));
}
