import { renderLine } from '../report/index.js';
import type { Send } from './ports.js';

/** Tells a terminal: one line an event. `write` gets the line without its end. */
export function createTerminalSend(write: (line: string) => void): Send {
  return (event) => {
    write(renderLine(event));
    return Promise.resolve({ kind: 'sent', messageId: event.id });
  };
}
