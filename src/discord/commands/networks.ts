import type { APIEmbedField } from 'discord.js';
import { count } from '../../report/index.js';
import type { Condition } from './condition.js';
import { clip, textLimits } from './text-limits.js';

const mostNetworks = 5;

/** Who lost most, and who is still there; absent where nothing is known of it. */
export function lostMostFields(conditions: readonly Condition[]): APIEmbedField[] {
  return conditions.filter(({ word }) => word !== 'normal').flatMap(({ family, measured }) => {
    const prefix = family === 'ipv4' ? '' : 'IPv6: ';
    const unit = family === 'ipv4' ? '/24s' : '/48s';
    const lost = measured.networks.filter(({ before, now }) => now < before).slice(0, mostNetworks);
    const there = measured.networks.filter(({ before, now }) => now > 0 && now >= before).slice(0, mostNetworks);
    return [
      ...field(`${prefix}Networks that lost most`, lost.map(({ asn, before, now }) => `AS${asn}: ${count(before)} → ${count(now)} ${unit}`).join('\n')),
      // Whoever lost nothing is worth a word only beside those who did.
      ...(lost.length === 0 ? [] : field(`${prefix}Still there`, there.map(({ asn, now }) => `AS${asn} (${count(now)} ${unit})`).join(', '))),
    ];
  });
}

function field(name: string, value: string): APIEmbedField[] {
  return value === '' ? [] : [{ name, value: clip(value, textLimits.fieldValue), inline: false }];
}
