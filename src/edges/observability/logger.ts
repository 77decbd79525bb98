import { pino, type Logger as PinoLogger } from 'pino';
import { prettyFactory } from 'pino-pretty';

export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly level: string;
  /** One readable line instead of one JSON object: for a terminal. */
  readonly pretty: boolean;
  /**
   * Values that must never be seen: wherever one of four characters or more turns up in a line, `[secret]` stands in
   * its place.
   */
  readonly secrets: readonly string[];
  /** stderr where absent: stdout carries alerts and transcripts. */
  readonly destination?: { write(line: string): void };
}

/** Writes synchronously, so that the last lines before an exit are there to be read. */
export function createLogger({ level, pretty, secrets, destination }: LoggerOptions): Logger {
  const mask = maskerOf(secrets);
  const prettify = prettyFactory({ translateTime: 'UTC:HH:MM:ss', singleLine: true });
  const streamWrite = pretty ? (line: string) => mask(prettify(line)) : mask;
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks: { streamWrite } },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** What is shorter stands in half of all lines: masking it would hide the lines and not the secret. */
const shortestSecret = 4;

/** By value, not by field name: a secret inside an error's message, a URL or a header is masked as well. */
function maskerOf(secrets: readonly string[]): (line: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= shortestSecret)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (line) => longestFirst.reduce((masked, secret) => masked.replaceAll(secret, '[secret]'), line);
}
