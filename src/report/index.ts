export { factsOf } from './facts.js';
export type { Fact } from './facts.js';
export { renderJsonLine, renderLine, renderTranscriptLine } from './lines.js';
export { messageLimit, renderText, textLimit } from './text.js';
