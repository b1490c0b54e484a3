import type { Position } from './template-tree.js';

/** One string of a JSON text. */
export interface JsonString {
  readonly value: string;
  readonly isKey: boolean;
  /** Offset in the JSON text of a position in the value: escapes are longer than what they stand for. */
  readonly offsetOf: (position: Position) => number;
}

/** Every string of a valid JSON text, in order. Outside strings JSON has no quotes, so a pattern finds them exactly. */
export function jsonStrings(text: string): readonly JsonString[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/gs)].map((match): JsonString => {
    const [, inner = '', colon] = match;
    // The parser's own output of one string token.
    const value = JSON.parse(`"${inner}"`) as string;
    return {
      value,
      isKey: colon !== undefined,
      offsetOf: (position) => match.index + 1 + sourceLength(inner, value, position),
    };
  });
}

function sourceLength(inner: string, value: string, { line, column }: Position): number {
  const lines = value.split('\n').slice(0, line - 1);
  const wanted = lines.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
  let decoded = 0;
  let length = 0;
  for (const [token] of inner.matchAll(/\\u[0-9a-fA-F]{4}|\\.|[^\\]/g)) {
    if (decoded >= wanted) break;
    decoded += 1;
    length += token.length;
  }
  return length;
}
