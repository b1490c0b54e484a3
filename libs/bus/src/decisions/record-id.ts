/** Where a record is: `<stream id>-<index in its batch>`. The id that dashboards resume from. */
export interface RecordPosition {
  /** Id of the stream entry, `<milliseconds>-<number>`. */
  readonly entry: string;
  readonly index: number;
}

/** The text is not the id of a record. */
export class RecordIdError extends Error {
  override readonly name = 'RecordIdError';
  readonly code = 'RECORD_ID';
}

const RECORD_ID = /^(\d{1,16}-\d{1,16})-(\d{1,4})$/;

/** Text to position; throws {@link RecordIdError}. Ids come back from browsers, so nothing else reaches Redis. */
export function parseRecordId(text: string): RecordPosition {
  const [, entry, index] = RECORD_ID.exec(text) ?? [];
  if (entry === undefined || index === undefined) {
    throw new RecordIdError('expected a record id such as 1700000000000-0-3');
  }
  return { entry, index: Number(index) };
}

/** The public id of the record at `index` of a stream entry. */
export function recordId(entry: string, index: number): string {
  return `${entry}-${index}`;
}

/** Negative where the stream entry `a` is older than `b`. */
export function compareEntryIds(a: string, b: string): number {
  const [msA = '', countA = ''] = a.split('-');
  const [msB = '', countB = ''] = b.split('-');
  return Number(msA) - Number(msB) || Number(countA) - Number(countB);
}

/** The smallest id after this entry. */
export function nextEntryId(entry: string): string {
  const [ms = '0', count = '0'] = entry.split('-');
  return `${ms}-${BigInt(count) + 1n}`;
}
