export { renderBacklog, type Backlog } from './backlog.js';
export { endFactsOf } from './end-facts.js';
export { colours, countryLinks, factsOf, footerText, networksText, unitsOf } from './facts.js';
export type { CountryLink, Fact, MessageFacts } from './facts.js';
export { count, elapsed, lengthOf, moment, percent, plural, span } from './figures.js';
export { renderJsonLine, renderLine, renderTranscriptLine } from './lines.js';
export { renderStatusLine } from './status.js';
export { messageLimit, remains, renderText, textLimit, wholeShare } from './text.js';
export { capitalised, clip } from './wording.js';
