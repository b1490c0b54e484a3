import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { ImageReferenceError, parseImageReference } from './index.js';

const HEX = fc.stringMatching(/^[0-9a-f]{64}$/);
const HOST = fc.constantFrom(
  '',
  'docker.io/',
  'GHCR.io/',
  'Foo/',
  'localhost/',
  'reg.io:443/',
  '[::1]:5000/',
  '127.0.0.1/',
);
// No dot in the first component: with one it is a host where no host stands before it, and `0.0` is none (R29).
const PATH = fc.stringMatching(
  /^[a-z0-9]{1,8}(?:(?:_|__|-{1,3})[a-z0-9]{1,4})?(?:\/[a-z0-9]{1,6}(?:\.[a-z0-9]{1,4})?){0,3}$/,
);
const TAG = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/));
const valid = fc
  .tuple(HOST, PATH, TAG, fc.option(HEX))
  .map(
    ([host, path, tag, hex]) =>
      `${host}${path}${tag === null ? '' : `:${tag}`}${hex === null ? '' : `@sha256:${hex}`}`,
  );

/** A valid text with one character put in, taken out or replaced: the strings that sit just beside the grammar. */
const nearly = fc
  .tuple(
    valid,
    fc.nat(),
    fc.constantFrom(...Array.from('aZ0._-:/@[]% \\\u212a\u3002\u0000')),
    fc.constantFrom(0, 1),
    fc.constantFrom(0, 1),
  )
  .map(([text, at, character, drop, put]) => {
    const i = at % (text.length + 1);
    return text.slice(0, i) + (put === 1 ? character : '') + text.slice(i + drop);
  });
/** Any code point: `unit: 'binary'` makes a map of all of them first, a second long. */
const codePoint = fc.nat(0x10_f7ff).map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800));
const anything = fc.oneof(
  valid,
  nearly,
  fc.string({ unit: codePoint, maxLength: 80 }),
  fc.string({ maxLength: 200 }),
);

/** The canonical form, or nothing where the text is refused; any other error fails the test. */
function canonical(text: string): string | undefined {
  try {
    return parseImageReference(text).toString();
  } catch (error) {
    expect(error).toBeInstanceOf(ImageReferenceError);
    return undefined;
  }
}

test('R45 the canonical form is its own canonical form', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const once = canonical(text);
      if (once !== undefined) expect(canonical(once)).toBe(once);
    }),
    { numRuns: 2_000 },
  );
});

test('what the grammar makes is accepted', () => {
  fc.assert(
    fc.property(valid, (text) => {
      expect(canonical(text)).toBeDefined();
    }),
  );
});

test('R19–R21 nothing outside printable ASCII gets through', () => {
  const foreign = fc.oneof(
    fc.integer({ min: 0x80, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    fc.integer({ min: 0, max: 0x20 }).map((unit) => String.fromCharCode(unit)),
    fc.constant('\u007f'),
  );
  fc.assert(
    fc.property(valid, fc.nat(), foreign, (text, at, character) => {
      const i = at % (text.length + 1);
      expect(canonical(text.slice(0, i) + character + text.slice(i))).toBeUndefined();
    }),
  );
});

test('R29 a URL parser reads every accepted host as the same host', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const host = canonical(text)?.split('/')[0];
      if (host !== undefined) expect(new URL(`https://${host}/`).host).toBe(host.replace(/:443$/, ''));
    }),
    { numRuns: 1_000 },
  );
});

test.for([
  { name: 'dashes', text: `${'-'.repeat(1_000)}!` },
  { name: 'words and dashes', text: `${'a-'.repeat(500)}!` },
  { name: 'labels', text: `${'a-'.repeat(500)}./x` },
  { name: 'underscores', text: `a${'__a'.repeat(300)}_` },
  { name: '10 kB', text: 'a/'.repeat(5_000) },
  { name: '10 MB', text: 'a'.repeat(10_000_000) },
])('R39 $name are refused at once', ({ text }) => {
  const start = performance.now();
  expect(canonical(text)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(2_000);
});
