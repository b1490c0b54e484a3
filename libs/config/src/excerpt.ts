import { maskSecrets } from './mask-secrets.js';

/** Longer lines are cut: a person looks at the place, not at a base64 blob. */
const MAX_WIDTH = 120;

/** The line, its neighbours and a caret under the column; what looks like a secret is `***`. */
export function excerpt(text: string, line: number, column: number): string {
  const lines = maskSecrets(text.split(/\r\n|\r|\n/));
  const first = Math.max(1, line - 1);
  const last = Math.min(lines.length, line + 1);
  const gutter = String(last).length;
  const rows: string[] = [];
  for (let number = first; number <= last; number += 1) {
    const content = (lines[number - 1] ?? '').slice(0, MAX_WIDTH);
    rows.push(`  ${String(number).padStart(gutter)} | ${content}`.trimEnd());
    if (number === line) rows.push(`  ${' '.repeat(gutter)} | ${caretIndent(content, column)}^`);
  }
  return rows.join('\n');
}

/** Blanks up to the column; tabs stay tabs, so that the caret lines up in every terminal. */
function caretIndent(content: string, column: number): string {
  return content.slice(0, column - 1).replace(/[^\t]/g, ' ');
}
