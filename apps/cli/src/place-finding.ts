import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';

import type { Finding, SourceFile } from '#config';

/** Gives findings that only have a path (`alerting.rejectRequest.receivers[0].template`) their place in the file. */
export function placeFindings(findings: readonly Finding[], source: SourceFile): readonly Finding[] {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines });
  return findings.map((finding) => {
    const offset = offsetOf(document.contents, keysOf(finding.path));
    const { line, col } = offset === undefined ? { line: 0, col: 0 } : lines.linePos(offset);
    return { ...finding, file: source.name, line, column: col };
  });
}

function keysOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== '');
}

/** Offset of the value at a path; where it is not written, of the last part that is. */
function offsetOf(root: unknown, keys: readonly string[]): number | undefined {
  let node = root;
  for (const key of keys) {
    const next: unknown = isMap(node)
      ? node.get(key, true)
      : isSeq(node)
        ? node.get(Number(key), true)
        : undefined;
    if (next === undefined) break;
    node = next;
  }
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
