/** Where batches wait while Redis is down. One caller at a time: the log's writer. */
export interface Journal {
  /** Batches that wait. */
  readonly entries: number;
  readonly bytes: number;
  /** Resolves when the batch would survive the end of the process and of the machine; throws {@link JournalError}. */
  append(batch: Uint8Array): Promise<void>;
  /** The oldest batches, at most `count`. */
  peek(count: number): Promise<readonly Uint8Array[]>;
  /** The oldest `count` batches are elsewhere now. */
  release(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The journal did not take the batch: it has no room, or the disk did not write. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: 'journal-full' | 'journal-failed' | 'no-journal';

  constructor(code: JournalError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** For processes without a disk: takes nothing, so that what Redis does not take is lost and counted. */
export const noJournal: Journal = {
  entries: 0,
  bytes: 0,
  append: () => Promise.reject(new JournalError('no-journal', 'no local journal is configured')),
  peek: () => Promise.resolve([]),
  release: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
