import { createHash } from 'node:crypto';
import type { RESTPostAPIChannelMessageJSONBody } from 'discord.js';
import { flagOf } from '../countries/index.js';
import type { IncidentEvent } from '../incidents/index.js';
import { factsOf, renderText, type Fact } from '../report/index.js';

/** Discord's documentation, Embed Limits and Create Message. */
const limits = { title: 256, fields: 25, fieldName: 256, fieldValue: 1024, footer: 2048, nonce: 25 } as const;

/** The whole message: the sentence, and what stands beside it in an embed. */
export function renderMessage(event: IncidentEvent, channelId: string): RESTPostAPIChannelMessageJSONBody {
  const facts = factsOf(event);
  return {
    ...renderReduced(event, channelId),
    embeds: [
      {
        title: cut(facts.title, limits.title),
        color: facts.colour,
        ...(facts.links.length > 0 && { description: facts.links.map(({ label, url }) => `[${label}](${url})`).join(' · ') }),
        fields: facts.fields.slice(0, limits.fields).map((fact) => ({
          name: cut(fact.name, limits.fieldName),
          value: cut(valueOf(fact), limits.fieldValue),
          inline: fact.inline,
        })),
        footer: { text: cut(facts.footer, limits.footer) },
      },
    ],
  };
}

/** The sentence alone: what is left when Discord will not take the whole. */
export function renderReduced(event: IncidentEvent, channelId: string): RESTPostAPIChannelMessageJSONBody {
  const flag = event.country === null ? '' : flagOf(event.country);
  return {
    content: flag === '' ? renderText(event) : `${flag} ${renderText(event)}`,
    allowed_mentions: { parse: [] },
    nonce: nonceOf(event.id, channelId),
    enforce_nonce: true,
  };
}

/** The same for the same event and channel, so that Discord takes a repeated message for the one it already has. */
function nonceOf(eventId: string, channelId: string): string {
  const digest = createHash('sha256').update(`${eventId} ${channelId}`).digest('hex');
  return BigInt(`0x${digest}`).toString(36).slice(-limits.nonce);
}

function valueOf(fact: Fact): string {
  if (fact.kind === 'text') return fact.value;
  const seconds = Math.floor(fact.at / 1000);
  return `<t:${seconds}:f> (<t:${seconds}:R>)`;
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
