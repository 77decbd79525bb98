/** Somebody else works on the same data: come back when they are gone. The message is one sentence for the operator. */
export class StoreBusyError extends Error {
  override readonly name = 'StoreBusyError';
}

/** The operator must change something before this can work: the message is one sentence that says what. */
export class StoreRefusedError extends Error {
  override readonly name = 'StoreRefusedError';
}

/**
 * The store cannot answer now: the server is away or slow, the disk is full. Whether a commit took place is unknown, so
 * repeat it unchanged: it takes place once.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}
