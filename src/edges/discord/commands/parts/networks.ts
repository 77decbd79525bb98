import type { APIEmbedField } from 'discord.js';
import type { NetworkChange } from '../../../../core/incidents/index.js';
import { count, networksText, clip } from '../../../../core/report/index.js';
import type { Condition } from './condition.js';
import { unitNames } from '../../../../core/bgp/index.js';
import { textLimits } from '../../messages/text-limits.js';

const mostNetworks = 5;

/** Who lost most, and who is still there; absent where nothing is known of it. */
export function lostMostFields(conditions: readonly Condition[]): APIEmbedField[] {
  return conditions
    .filter(({ word }) => word !== 'normal')
    .flatMap(({ family, measured }) => {
      const prefix = family === 'ipv4' ? '' : 'IPv6: ';
      const unit = unitNames[family];
      const lost = measured.networks.filter(({ before, now }) => now < before).slice(0, mostNetworks);
      const others = measured.networks
        .filter((network) => network.now > 0 && !lost.includes(network))
        .sort((a, b) => b.now - a.now);
      const there = others
        .slice(0, mostNetworks)
        .map((network) => `AS${network.asn} (${left(network)} ${unit})`)
        .join(', ');
      return [
        ...field(`${prefix}Networks that lost most`, networksText(family, lost)),
        // Who is still there is worth a word only beside those who are not.
        ...(lost.length === 0 ? [] : field(`${prefix}Still there`, there)),
      ];
    });
}

/** "12", or "12 of 20" where some of it is gone. */
function left({ before, now }: NetworkChange): string {
  return now < before ? `${count(now)} of ${count(before)}` : count(now);
}

function field(name: string, value: string): APIEmbedField[] {
  return value === '' ? [] : [{ name, value: clip(value, textLimits.fieldValue), inline: false }];
}
