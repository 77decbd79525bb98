import { StoreRefusedError, StoreUnavailableError } from '../errors.js';

/**
 * First words of the replies of a server that can't answer now: loading, a script running, memory or disk full, a
 * replica.
 */
const passing = /^(LOADING|BUSY|OOM|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|TRYAGAIN|CLUSTERDOWN|EXECABORT)\b/;
const forbidden = /^(NOAUTH|WRONGPASS|NOPERM)\b|invalid password|without any password/;

/**
 * The error to throw for one of ioredis, made anew from its words alone: an error of ioredis carries the command with
 * its arguments, and those of AUTH and HELLO are the password. `server` is the server's host and port.
 */
export function asStoreError(error: unknown, server: string): Error {
  if (error instanceof StoreRefusedError || error instanceof StoreUnavailableError) return error;
  const { name, message: words, code } = error as NodeJS.ErrnoException;
  // A host of several addresses fails without a word, with a code alone.
  const message = words || (code ?? name);
  if (forbidden.test(message))
    return new StoreRefusedError(`Redis at ${server} does not let us in: check REDIS_URL (${message}).`);
  if (name !== 'ReplyError' || passing.test(message)) {
    const reason = message.startsWith("Stream isn't writeable") ? 'not connected' : message;
    return new StoreUnavailableError(`Redis at ${server} is unavailable (${reason}).`);
  }
  return new Error(`Redis at ${server} replied: ${message}`);
}
