/** One entry of a stream: its id and its fields, name and value in turn. */
export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[];
}

/** The entries of the one stream in an answer to XREADGROUP: `[[name, entries]]` in RESP 2, `[name, entries]` in RESP 3. */
export function readEntries(answer: unknown): readonly StreamEntry[] {
  if (!Array.isArray(answer)) return [];
  const stream: unknown = Array.isArray(answer[0]) ? answer[0] : answer;
  return Array.isArray(stream) ? toEntries(stream[1]) : [];
}

/** The entries in an answer to XAUTOCLAIM; those that were deleted meanwhile are not among them. */
export function claimedEntries(answer: unknown): readonly StreamEntry[] {
  return Array.isArray(answer) ? toEntries(answer[1]) : [];
}

/** Where the next XAUTOCLAIM goes on; from the beginning where the answer does not say. */
export function claimCursor(answer: unknown): string {
  return Array.isArray(answer) && typeof answer[0] === 'string' ? answer[0] : '0-0';
}

/** Names and values in turn, as HSCAN gives them. */
export function pairsOf(answer: unknown): readonly (readonly [string, string])[] {
  const flat = Array.isArray(answer) && Array.isArray(answer[1]) ? answer[1].map(String) : [];
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as const] : []));
}

/** The texts in an answer that is a list of texts. */
export function textsOf(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.filter((text): text is string => typeof text === 'string') : [];
}

function toEntries(list: unknown): readonly StreamEntry[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry) => {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string' || !Array.isArray(entry[1])) return [];
    return [{ id: entry[0], fields: textsOf(entry[1]) }];
  });
}
