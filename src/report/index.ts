export { colours, countryLinks, factsOf, networksText, unitsOf } from './facts.js';
export type { CountryLink, Fact } from './facts.js';
export { count, elapsed, lengthOf, moment, percent, plural, span } from './figures.js';
export { renderJsonLine, renderLine, renderTranscriptLine } from './lines.js';
export { messageLimit, remains, renderText, textLimit } from './text.js';
