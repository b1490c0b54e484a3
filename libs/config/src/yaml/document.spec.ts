import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Finding } from '../finding.js';

import { MAX_BYTES, MAX_DEPTH } from './bounds.js';
import { parseYaml } from './document.js';
import { toData } from './node.js';

function read(text: string): { data: unknown; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const document = parseYaml({ name: 'f.yaml', text }, findings);
  return { data: document === undefined ? undefined : toData(document.root), findings };
}

test.for<{ name: string; text: string; data: unknown }>([
  {
    name: 'J19: no, yes, on and off are text',
    text: '{a: no, b: yes, c: on, d: off}',
    data: { a: 'no', b: 'yes', c: 'on', d: 'off' },
  },
  {
    name: 'booleans in YAML’s three spellings',
    text: '{a: true, b: True, c: FALSE}',
    data: { a: true, b: true, c: false },
  },
  {
    name: 'J19: 010, 1_000, 0x1F and 0o17 are text',
    text: '{a: 010, b: 1_000, c: 0x1F, d: 0o17}',
    data: { a: '010', b: '1_000', c: '0x1F', d: '0o17' },
  },
  {
    name: 'JSON’s numbers are numbers',
    text: '{a: 0, b: -1, c: 1.5, d: 2e3}',
    data: { a: 0, b: -1, c: 1.5, d: 2000 },
  },
  { name: 'infinity and not-a-number are text', text: '{a: .inf, b: .nan}', data: { a: '.inf', b: '.nan' } },
  { name: 'null in YAML’s spellings', text: 'a:\nb: ~\nc: null', data: { a: null, b: null, c: null } },
  { name: 'a timestamp is text', text: 'a: 2026-11-20', data: { a: '2026-11-20' } },
  { name: 'keys are text', text: '1: a\nnull: b\ntrue: c', data: { '1': 'a', null: 'b', true: 'c' } },
  { name: 'quoted scalars are text', text: `{a: "1", b: 'true', c: ""}`, data: { a: '1', b: 'true', c: '' } },
  {
    name: 'block scalars are text',
    text: 'a: |\n  x\n  y\nb: >-\n  x\n  y\n',
    data: { a: 'x\ny\n', b: 'x y' },
  },
  { name: 'comments, document start, CRLF', text: '# c\r\n---\r\na: 1 # d\r\n', data: { a: 1 } },
  {
    name: 'a key called constructor is a key',
    text: 'constructor: 1\ntoString: 2',
    data: { constructor: 1, toString: 2 },
  },
])('reads $name', ({ text, data }) => {
  expect(read(text)).toEqual({ data, findings: [] });
});

test.for([
  { name: 'J19: an alias', text: 'a: 1\nb: *a\n', code: 'yaml-alias', at: [2, 4] },
  { name: 'J19: an anchor', text: 'a: &x 1\n', code: 'yaml-anchor', at: [1, 7] },
  { name: 'J19: an anchor on a map', text: 'a: &x\n  b: 1\n', code: 'yaml-anchor', at: [2, 3] },
  { name: 'J19: !!js/function', text: 'a: !!js/function "function(){}"\n', code: 'yaml-tag', at: [1, 4] },
  { name: 'a known tag', text: 'a: !!str 1\n', code: 'yaml-tag', at: [1, 10] },
  { name: 'the empty tag', text: 'a: ! x\n', code: 'yaml-tag', at: [1, 6] },
  { name: 'a tag on a map', text: '!!set {a}\n', code: 'yaml-tag', at: [1, 7] },
  { name: 'J19: a merge key', text: 'a:\n  <<: {b: 1}\n', code: 'yaml-merge', at: [2, 3] },
  {
    name: 'a %YAML directive, which would bring 1.1 back',
    text: '%YAML 1.1\n---\na: yes\n',
    code: 'yaml-directive',
    at: [1, 1],
  },
  { name: 'a %TAG directive', text: '%TAG ! !x\n---\na: 1\n', code: 'yaml-directive', at: [1, 1] },
  { name: 'an unknown directive', text: '%FOO x\n---\na: 1\n', code: 'yaml-directive', at: [1, 1] },
  { name: 'a repeated key', text: 'a: 1\nb: 2\na: 3\n', code: 'duplicate-key', at: [3, 1] },
  { name: 'a key repeated in quotes', text: 'a: 1\n"a": 3\n', code: 'duplicate-key', at: [2, 1] },
  { name: 'J19: __proto__', text: 'a:\n  __proto__: {polluted: true}\n', code: 'unknown-key', at: [2, 3] },
  { name: 'a map as key', text: '? {a: 1}\n: 2\n', code: 'yaml', at: [1, 3] },
  { name: 'a second document', text: 'a: 1\n---\nb: 2\n', code: 'yaml', at: [2, 1] },
  { name: 'a tab as indentation', text: 'a:\n\tb: 1\n', code: 'yaml', at: [2, 1] },
  { name: 'two colons on a line', text: 'a: b: c\n', code: 'yaml', at: [1, 4] },
  { name: 'an open bracket', text: 'a: [1, 2\n', code: 'yaml', at: [2, 1] },
  { name: 'an open quote', text: 'a: "x\n', code: 'yaml', at: [2, 1] },
  {
    name: 'a number that would be rounded',
    text: 'a: 12345678901234567890\n',
    code: 'yaml-number',
    at: [1, 4],
  },
  { name: 'a number that would be infinite', text: 'a: 1e999\n', code: 'yaml-number', at: [1, 4] },
  { name: 'F27: an empty file', text: '', code: 'empty-file', at: [1, 1] },
  { name: 'F27: a file of comments', text: '# nothing\n', code: 'empty-file', at: [1, 1] },
])('refuses $name', ({ text, code, at }) => {
  const { data, findings } = read(text);
  expect(data).toBeUndefined();
  const [first] = findings;
  expect(first).toMatchObject({ severity: 'error', code, file: 'f.yaml' });
  expect([first?.line, first?.column]).toEqual(at);
});

test('reports every refusal at once', () => {
  const { findings } = read('a: &x 1\nb: !!str 2\nb: 3\n<<: {}\n');
  expect(findings.map(({ code }) => code)).toEqual([
    'yaml-anchor',
    'yaml-tag',
    'duplicate-key',
    'yaml-merge',
  ]);
});

describe('J19: bounds', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const block = (depth: number): string =>
    Array.from({ length: depth }, (_, level) => `${' '.repeat(level)}a:`).join('\n');

  test.for([
    { name: `${MAX_DEPTH} levels of flow`, text: nested(MAX_DEPTH), codes: [] },
    { name: `${MAX_DEPTH + 1} levels of flow`, text: nested(MAX_DEPTH + 1), codes: ['too-deep'] },
    { name: `${MAX_DEPTH} levels of block maps`, text: block(MAX_DEPTH), codes: [] },
    { name: `${MAX_DEPTH + 1} levels of block maps`, text: block(MAX_DEPTH + 1), codes: ['too-deep'] },
    { name: 'a million brackets', text: '['.repeat(1_000_000), codes: ['too-deep'] },
    { name: 'half a million dashes', text: '- '.repeat(500_000), codes: ['too-deep'] },
    { name: 'half a million question marks', text: '? '.repeat(500_000), codes: ['too-deep'] },
    { name: 'a file of just over 1 MiB', text: `a: ${'x'.repeat(MAX_BYTES - 2)}`, codes: ['too-large'] },
    { name: 'a file of 1 MiB', text: `a: ${'x'.repeat(MAX_BYTES - 3)}`, codes: [] },
  ])('$name', ({ text, codes }) => {
    expect(read(text).findings.map(({ code }) => code)).toEqual(codes);
  });

  test('a quarter of a million items', { tags: ['thorough'] }, () => {
    expect(read('- a\n'.repeat(250_000)).findings.map(({ code }) => code)).toEqual(['too-large']);
  });

  test('20 000 keys in a map take no quadratic time', { tags: ['thorough'] }, () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: v`).join('\n');
    const start = performance.now();
    expect(read(text).findings).toEqual([]);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('an alias bomb is refused and not written out', () => {
    const levels = Array.from({ length: 9 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x, x]'
        : `l${level}: &l${level} [*l${level - 1}, *l${level - 1}, *l${level - 1}]`,
    );
    const codes = new Set(read(levels.join('\n')).findings.map(({ code }) => code));
    expect([...codes].toSorted()).toEqual(['yaml-alias', 'yaml-anchor']);
  });
});

test('what is JSON is read as JSON has it', () => {
  const keys = fc.string({ unit: 'grapheme-ascii' }).filter((key) => key !== '__proto__' && key !== '<<');
  const json = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), tie('list'), tie('map')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    map: fc.dictionary(keys, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  }));
  fc.assert(
    fc.property(json.map, (value) => {
      expect(read(JSON.stringify(value))).toEqual({ data: value, findings: [] });
    }),
    { numRuns: 60 },
  );
});

test('no text makes the reader throw, and a refusal has a place', () => {
  const pieces = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    '&x ',
    '*x',
    '!!t ',
    '"',
    "'",
    '|',
    '#',
    '%',
    '? ',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      for (const { line, column } of read(parts.join('')).findings)
        expect(Math.min(line, column)).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});
