/** One entry of a stream: its id and its fields, name and value in turn. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[];
}

/** An entry as it was read; `fields` is absent where the entry was deleted after its delivery. */
export interface ReadEntry {
  readonly id: string;
  readonly fields: readonly string[] | undefined;
}

/** Names and values of one entry that are read: ours have fewer, and one that has more is none of ours. */
const MAX_FIELDS = 64;

/** The reply of XRANGE, XREVRANGE and the entries of XAUTOCLAIM. What has another shape is left out. */
export function toEntries(reply: unknown): ReadEntry[] {
  if (!Array.isArray(reply)) return [];
  return (reply as unknown[]).flatMap((entry) => {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string') return [];
    const fields: unknown = entry[1];
    return [
      { id: entry[0], fields: Array.isArray(fields) ? textsOf(fields.slice(0, MAX_FIELDS)) : undefined },
    ];
  });
}

/** The entries of the one stream in an answer to XREAD or XREADGROUP: nested in RESP 2, `[name, entries]` in RESP 3. */
export function toReadEntries(reply: unknown): ReadEntry[] {
  if (!Array.isArray(reply)) return [];
  const [first, second] = reply as unknown[];
  return toEntries(Array.isArray(first) ? first[1] : second);
}

/** Those that are still there. */
export function whole(entries: readonly ReadEntry[]): readonly StreamEntry[] {
  return entries.flatMap(({ id, fields }) => (fields === undefined ? [] : [{ id, fields }]));
}

/** The entries in an answer to XAUTOCLAIM; those that were deleted meanwhile are not among them. */
export function claimedEntries(answer: unknown): readonly StreamEntry[] {
  return Array.isArray(answer) ? whole(toEntries(answer[1])) : [];
}

/** Where the next XAUTOCLAIM goes on; from the beginning where the answer does not say. */
export function claimCursor(answer: unknown): string {
  return Array.isArray(answer) && typeof answer[0] === 'string' ? answer[0] : '0-0';
}

/** Names and values in turn, as XINFO has them and HSCAN behind its cursor. */
export function toFields(reply: unknown): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  if (!Array.isArray(reply)) return fields;
  for (let index = 0; index + 1 < reply.length; index += 2)
    fields.set(String(reply[index]), reply[index + 1]);
  return fields;
}

/** The texts in an answer that is a list of texts. */
export function textsOf(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.filter((text): text is string => typeof text === 'string') : [];
}

/**
 * True where Redis answered with an error, which begins with `word`, for example `NOGROUP`: not a lost connection, so
 * waiting for a new one does not help.
 */
export function isReplyError(error: unknown, word = ''): error is Error {
  return error instanceof Error && error.name === 'ReplyError' && error.message.startsWith(word);
}
