import { styleText } from 'node:util';

import type { ImageResult } from './judge-image.js';
import { plainText } from './plain-text.js';

const WORDS = { admitted: 'OK', refused: 'DENY', undecided: 'UNDECIDED' } as const;
const COLOURS = { admitted: 'green', refused: 'red', undecided: 'yellow' } as const;

/** A result as a person reads it: the verdict in the first line, then how it came about. */
export function formatResult(result: ImageResult): string {
  const head = styleText([COLOURS[result.outcome], 'bold'], WORDS[result.outcome].padEnd(4));
  const digest = result.digest === undefined ? '' : ` -> ${result.digest}`;
  const code = result.code === undefined ? '' : `${result.code} `;
  const lines = [`${head}  ${code}${plainText(result.image)}${digest}`, field('result', result.message)];
  if (result.rule !== undefined) lines.push(field('rule', result.rule));
  if (result.validator !== undefined) lines.push(field('validator', result.validator));
  if (result.found !== undefined) lines.push(field('found', result.found));
  if (result.expected !== undefined) lines.push(field('expected', result.expected));
  for (const { step, ok, text } of result.evidence) lines.push(field(step, `${ok ? '+' : '-'} ${text}`));
  if (result.next !== undefined) lines.push(field('try', result.next));
  return lines.join('\n');
}

function field(name: string, value: string): string {
  return `      ${styleText('dim', name.padEnd(16))} ${plainText(value)}`;
}
