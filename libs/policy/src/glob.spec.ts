import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Glob } from './glob.js';
import { HostGlob } from './host-glob.js';

test.for([
  { name: 'a literal', glob: 'abc', yes: ['abc'], no: ['', 'ab', 'abcd', 'xabc'] },
  { name: 'a star', glob: '*', yes: ['', 'a', 'a/b'], no: [] },
  { name: 'stars in a row are one', glob: 'a***b', yes: ['ab', 'axb'], no: ['a', 'b'] },
  { name: 'head and tail do not share characters', glob: 'ab*ba', yes: ['abba', 'abxba'], no: ['aba', 'ab'] },
  { name: 'pieces in order', glob: '*a*b*', yes: ['ab', 'xaxbx'], no: ['ba', 'a', 'b'] },
  { name: 'a middle piece does not use the tail', glob: 'a*bc*bc', yes: ['abcbc'], no: ['abc', 'abxbc'] },
  { name: 'R38 regular expressions mean nothing', glob: 'a.c+', yes: ['a.c+'], no: ['abc', 'a.cc', 'abc+'] },
  { name: 'R06 other wildcards mean nothing', glob: 'a?[b]', yes: ['a?[b]'], no: ['axb', 'a?b'] },
])('$name', ({ glob, yes, no }) => {
  const compiled = new Glob(glob);
  expect(yes.filter((text) => !compiled.matches(text))).toEqual([]);
  expect(no.filter((text) => compiled.matches(text))).toEqual([]);
});

/** The definition, by dynamic programming: `row[j]` says whether the first j characters are matched. */
function byDefinition(glob: string, text: string): boolean {
  let row = Array.from({ length: text.length + 1 }, (_, j) => j === 0);
  for (const token of glob) {
    let before = false;
    row = row.map((same, j) => {
      const diagonal = j > 0 && row[j - 1] === true && text[j - 1] === token;
      before = token === '*' ? before || same : diagonal;
      return before;
    });
  }
  return row[text.length] === true;
}

const short = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 9 });
const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 });

test('matches what the definition matches', { tags: ['thorough'] }, () => {
  fc.assert(
    fc.property(short, text, (glob, text) => {
      expect(new Glob(glob).matches(text)).toBe(byDefinition(glob, text));
    }),
    { numRuns: 3_000 },
  );
});

test('covers only globs whose every text it matches', { tags: ['thorough'] }, () => {
  fc.assert(
    fc.property(short, short, text, (outer, inner, text) => {
      const applies = new Glob(outer).covers(new Glob(inner)) && new Glob(inner).matches(text);
      expect(new Glob(outer).matches(text) || !applies).toBe(true);
    }),
    { numRuns: 20_000 },
  );
});

test.for([
  { name: 'a star and the end missing', glob: `${'*a'.repeat(300)}*b`, text: 'a'.repeat(10_000) },
  { name: 'nearly the same piece again and again', glob: `*${'a'.repeat(500)}b*`, text: 'a'.repeat(10_000) },
  { name: 'two letters', glob: `*${'ab'.repeat(250)}c*${'ba'.repeat(200)}*`, text: 'ab'.repeat(5_000) },
])('R39 10 kB: $name', ({ glob, text }) => {
  const compiled = new Glob(glob);
  const start = performance.now();
  expect(compiled.matches(text)).toBe(false);
  expect(performance.now() - start).toBeLessThan(2_000);
});

test.for([
  {
    name: 'R22 a star is no punycode label',
    glob: '*.example',
    host: 'xn--bcher-kva.example',
    matched: false,
  },
  { name: 'R22 nor is one in front of others', glob: '*', host: 'a.xn--bcher-kva.example', matched: false },
  { name: 'R22 named in full', glob: 'xn--bcher-kva.example', host: 'xn--bcher-kva.example', matched: true },
  {
    name: 'R22 below one that is named',
    glob: '*.xn--bcher-kva.example',
    host: 'a.xn--bcher-kva.example',
    matched: true,
  },
  { name: 'other labels', glob: '*.example', host: 'a.b.example', matched: true },
  { name: 'xn-- inside a label', glob: '*.example', host: 'axn--.example', matched: true },
])('$name', ({ glob, host, matched }) => {
  expect(new HostGlob(glob).matches(host)).toBe(matched);
});
