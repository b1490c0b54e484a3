import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';

import { type Finding, formatFindings, type SourceFile } from '#config';

/** Writes findings with their place in the file; colours where `stream` is a terminal. */
export function printFindings(findings: readonly Finding[], stream: NodeJS.WriteStream): void {
  const sources = sourcesOf(findings);
  for (const finding of findings) stream.write(`${formatFinding(finding, sources, stream)}\n`);
}

/** `file:line:column  error  path  message (code)`, then the lines around it with a caret. */
export function formatFinding(
  finding: Finding,
  sources: readonly SourceFile[],
  stream: NodeJS.WriteStream,
): string {
  const { severity, file, line, column, path, code, message } = finding;
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  const word = styleText([severity === 'error' ? 'red' : 'yellow', 'bold'], severity, { stream });
  const head = [place, word, path, `${message} (${code})`].filter((part) => part !== '').join('  ');
  // The first line is what `head` says in other words.
  const [, ...context] = formatFindings([finding], sources).trimEnd().split('\n');
  return [head, ...context.map((row) => styleText('dim', row, { stream }))].join('\n');
}

/** The files that findings point into, once each; one that is gone by now is shown without its lines. */
function sourcesOf(findings: readonly Finding[]): readonly SourceFile[] {
  const names = new Set(findings.filter(({ line }) => line > 0).map(({ file }) => file));
  return [...names].flatMap((name) => {
    try {
      return [{ name, text: readFileSync(name, 'utf8') }];
    } catch {
      return [];
    }
  });
}
