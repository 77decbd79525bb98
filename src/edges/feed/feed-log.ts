/** What the feed needs of a logger (pino's shape): fields, then the message. */
export interface FeedLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
