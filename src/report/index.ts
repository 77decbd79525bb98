export { renderBacklog, type Backlog } from './backlog.js';
export { endFactsOf } from './end-facts.js';
export { factsOf } from './facts.js';
export type { Fact, MessageFacts } from './facts.js';
export { count, elapsed, lengthOf, moment, percent, plural, span } from './figures.js';
export { renderJsonLine, renderLine, renderTranscriptLine } from './lines.js';
export { isOver, renderStandingLine } from './standing.js';
export { messageLimit, renderText, textLimit } from './text.js';
