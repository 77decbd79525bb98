import type { IncidentEvent } from '../incidents/index.js';
import { factsOf, type Fact, type MessageFacts } from './facts.js';
import { lengthOf, percent } from './figures.js';

/**
 * The facts of a first message whose incident is over: "North Korea: restored after 9 hr 31 min". It keeps its own
 * footer.
 */
export function endFactsOf(first: IncidentEvent, end: IncidentEvent): MessageFacts {
  const facts = factsOf(end);
  const { since, until } = end;
  const lowest: Fact = {
    kind: 'text',
    name: 'Lowest',
    value: percent(end.lowest > 0 ? 1 : 0, end.lowest),
    inline: true,
  };
  const beforeSince = facts.fields.findIndex((fact) => fact.kind === 'time');
  return {
    ...facts,
    title: since === null || until === null ? facts.title : `${facts.title} after ${lengthOf(since, until)}`,
    fields: beforeSince === -1 ? [...facts.fields, lowest] : facts.fields.toSpliced(beforeSince, 0, lowest),
    footer: factsOf(first).footer,
  };
}
