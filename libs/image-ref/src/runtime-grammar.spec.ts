import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { connaisseurName, type ImageReference, ImageReferenceError, parseImageReference } from './index.js';

/*
 * R44: fixtures/runtime-grammar.tsv holds what distribution/reference v0.6.0 and the name parser of Connaisseur 3.10 make
 * of 2 000 generated texts (fixtures/record.go). We accept a part of what the runtimes accept, and read it as they do.
 */
const ROWS = readFileSync(new URL('../fixtures/runtime-grammar.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [json = '', runtime = '', upstream = ''] = line.split('\t');
    // The recorder wrote a JSON string.
    return { text: JSON.parse(json) as string, runtime, upstream };
  });

/** What we refuse although a runtime would take it, and canonical hosts, restated for the test. */
const STRICTER: ReadonlySet<string> = new Set(['host', 'port', 'image-id', 'too-long']);
const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']);

function parse(text: string): ImageReference | ImageReferenceError {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof ImageReferenceError) return error;
    throw error;
  }
}

function canonicalOf(runtime: string): string {
  const [host = '', path = '', tag = '', digest = ''] = runtime.split(' ');
  const plain = new URL(`https://${host}/`).host;
  const name = HUB.has(plain)
    ? `docker.io/${path.includes('/') ? '' : 'library/'}${path}`
    : `${plain}${/^localhost$|[.:]/.test(plain) ? '' : ':443'}/${path}`;
  return `${name}${tag && `:${tag}`}${digest && `@${digest}`}`;
}

test('R44 what a runtime refuses is refused', () => {
  const accepted = ROWS.filter(({ text, runtime }) => runtime === '-' && !(parse(text) instanceof Error));
  expect(accepted).toEqual([]);
});

test('R44 what a runtime accepts means the same here, or is refused for a rule of ours', () => {
  const rows = ROWS.filter(({ runtime }) => runtime !== '-');
  const answers = rows.map(({ text, runtime }) => {
    const result = parse(text);
    if (!(result instanceof Error)) return [text, result.toString(), canonicalOf(runtime)];
    return [text, '', STRICTER.has(result.fault) ? '' : result.fault];
  });
  expect(answers.length).toBeGreaterThan(1_000);
  expect(answers.filter(([, ours, theirs]) => ours !== theirs)).toEqual([]);
});

test('Connaisseur’s name is 3.10’s, but for hosts that have one spelling here', () => {
  const differing = ROWS.flatMap(({ text, upstream }) => {
    const image = parse(text);
    if (image instanceof Error || upstream === '-') return [];
    const name = connaisseurName(image);
    return name === upstream ? [] : [[text, name, upstream] as const];
  });
  const unexplained = differing.filter(([text]) => {
    const host = text.slice(0, text.indexOf('/'));
    return !/[A-Z]|:443$|^registry-1\.docker\.io$|^registry\.hub\.docker\.com$|^\[/.test(host);
  });
  expect(differing.length).toBeGreaterThan(10);
  expect(unexplained).toEqual([]);
});
