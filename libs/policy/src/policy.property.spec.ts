// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { type ImageReference, parseDigest, parseImageReference } from '#image-ref';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { assertPattern, compilePolicy, PatternError } from './index.js';

const D = `sha256:${'0123456789abcdef'.repeat(4)}`;
const HOSTS = [
  'docker.io',
  'ghcr.io',
  'a.corp.example',
  'b.a.corp.example',
  'evil.example',
  'reg.io:5000',
  'localhost',
];
const WORDS = ['library', 'nginx', 'acme', 'app', 'ghcr.io', 'a.corp.example', 'nginx-x', 'x'];

const host = fc.constantFrom(...HOSTS);
const word = fc.constantFrom(...WORDS);
const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('/'));
const qualifier = fc.constantFrom('', '', ':v1', ':v2', ':dev', `@${D}`, `:v1@${D}`);
const image = fc.tuple(host, path, qualifier).map(([h, p, q]) => parseImageReference(`${h}/${p}${q}`));

const hostPattern = fc.oneof(host, fc.constantFrom('*', '*.corp.example', '*.example', 'docker.io', ''));
const component = fc.oneof(word, fc.constantFrom('*', 'a*', '*x', 'n*x', '*i*'));
const suffix = fc.constantFrom('', ':*', ':v*', ':v1', ':*v', `@${D}`, '@sha256:*', `:v1@${D}`);
const pattern = fc
  .tuple(hostPattern, fc.array(component, { minLength: 1, maxLength: 3 }), suffix)
  .map(([h, components, s]) => [...(h === '' ? [] : [h]), ...components].join('/') + s)
  .filter(isPattern);
const anyPattern = fc.oneof(pattern, fc.constantFrom('*', '*:*', '*:v1', 'nginx', '*/*', '*/*/*:*'));
const patterns = fc.array(anyPattern, { minLength: 1, maxLength: 8 });

function isPattern(text: string): boolean {
  try {
    assertPattern(text, 'strict');
    return true;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

/* The grammar of strict-pattern.ts read once more, as plainly as possible: regular expressions, no index, no order. */

const escape = (text: string): string => text.replaceAll(/[.+^$()|[\]{}?\\]/g, '\\$&').replaceAll('*', '.*');
const glob = (text: string, subject: string): boolean => new RegExp(`^${escape(text)}$`, 's').test(subject);

interface Plain {
  readonly text: string;
  readonly on: string;
  readonly host: string;
  readonly path: string;
}

function plainNames(name: string): readonly Plain[] {
  if (name === '*') return [{ text: '*', on: '*', host: '*', path: '*' }];
  const [first = '', ...rest] = name.split('/');
  const named = rest.length > 0 && (first === '*' || first === 'localhost' || /[.:]/.test(first));
  const [h, p] = named ? [first, rest.join('/')] : ['docker.io', name];
  const own = { text: `${h}/${p}`, on: h, host: h, path: p };
  const official = { text: `${h}/library/${p}`, on: 'docker.io', host: h, path: `library/${p}` };
  if (p.includes('/') || p.startsWith('*') || !glob(h, 'docker.io')) return [own];
  return h === 'docker.io' && !p.includes('*') ? [official] : [own, official];
}

/** The keys that are compared: components, then prefixes, then lengths; nothing where the pattern does not match. */
function plainKeys(text: string, subject: ImageReference): readonly (readonly number[])[] {
  const { host, path, tag, digest } = subject;
  const [before = '', digestGlob] = text.split('@');
  const [, name = '', tagGlob] = /^(.*?)(?::([^/:]*))?$/.exec(before) ?? [];
  if (tagGlob !== undefined && tagGlob !== '*' && !(tag !== undefined && glob(tagGlob, tag))) return [];
  if (digestGlob !== undefined && !(digest !== undefined && glob(digestGlob, digest))) return [];
  return plainNames(name)
    .filter((plain) => glob(plain.on, host) && glob(plain.path, path))
    .map((plain) => {
      const own = (plain.text + text.slice(name.length)).split('/');
      const other = subject.toString().split('/');
      const prefix = own.map((part, i) => Array.from(part).findIndex((c, j) => c !== other[i]?.[j]));
      const prefixes = prefix.map((length, i) => (length === -1 ? (own[i]?.length ?? 0) : length));
      return [own.length, ...prefixes, ...own.map((part) => part.length)];
    });
}

function plainMatch(list: readonly string[], subject: ImageReference): number | undefined {
  const scored = list.flatMap((text, index) => plainKeys(text, subject).map((key) => ({ key, index })));
  const order = (a: readonly number[], b: readonly number[]): number =>
    a.map((value, i) => value - (b[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  return scored.toSorted((a, b) => order(b.key, a.key) || b.index - a.index)[0]?.index;
}

const compile = (list: readonly string[], matching: 'strict' | 'connaisseur' = 'strict') =>
  compilePolicy(
    list.map((text) => ({ pattern: text })),
    matching,
  );

test('the compiled policy chooses what the plain reading chooses', () => {
  fc.assert(
    fc.property(patterns, fc.array(image, { minLength: 1, maxLength: 5 }), (list, images) => {
      const policy = compile(list);
      for (const subject of images) expect(policy.match(subject)?.index).toBe(plainMatch(list, subject));
    }),
    { numRuns: 400 },
  );
});

test('P06 a rule that names its host governs nothing on another host', () => {
  fc.assert(
    fc.property(host, path, suffix, image, fc.boolean(), (h, p, s, subject, wild) => {
      const text = `${h}/${wild ? '*' : p}${s}`;
      fc.pre(subject.host !== h);
      expect(compile([text]).match(subject)).toBeUndefined();
    }),
  );
});

test('P06 however much the image looks like the pattern', () => {
  const front = fc.constantFrom(
    'evil.example/',
    'xghcr.io/',
    'ghcr.io.evil.example/',
    'ghcr.io:5000/',
    '',
    'ghcr.iox/',
  );
  fc.assert(
    fc.property(front, path, qualifier, suffix, (f, p, q, s) => {
      const subject = parseImageReference(`${f}${f === '' ? 'x/' : ''}ghcr.io/${p}${q}`);
      expect(
        compile([`ghcr.io/*${s}`, `ghcr.io/${p}${s}`, `ghcr.io/*/*${s}`]).match(subject),
      ).toBeUndefined();
    }),
  );
});

test('R12 a tagged image meets the same rule when it is pinned, unless a pattern asks for a digest', () => {
  fc.assert(
    fc.property(patterns, image, (list, subject) => {
      fc.pre(subject.digest === undefined);
      const policy = compile(list.filter((text) => !text.includes('@')));
      expect(policy.match(subject.withDigest(parseDigest(D)))?.index).toBe(policy.match(subject)?.index);
    }),
  );
});

test('R46 the canonical form of an image is a pattern for it, and no pattern with fewer components beats it', () => {
  fc.assert(
    fc.property(patterns, image, (list, subject) => {
      const canonical = subject.toString();
      const shorter = list.filter((text) => text.split('/').length < canonical.split('/').length - 1);
      expect(compile([canonical, ...shorter]).match(subject)?.index).toBe(0);
    }),
  );
});

test.for(['strict', 'connaisseur'] as const)(
  'J23 order decides only between equal patterns (%s)',
  (matching) => {
    fc.assert(
      fc.property(patterns, image, fc.infiniteStream(fc.nat()), (list, subject, random) => {
        const shuffled = list
          .map((text) => ({ text, at: random.next().value }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ text }) => text);
        const here = compile(list, matching).explain(subject);
        const there = compile(shuffled, matching).explain(subject);
        const scoreOf = ([best]: typeof here.matches) =>
          best && [best.components, best.prefixLengths, best.componentLengths];
        expect(scoreOf(there.matches)).toEqual(scoreOf(here.matches));
        expect(there.matches.length).toBe(here.matches.length);
      }),
      { numRuns: 250 },
    );
  },
);

test.for(['strict', 'connaisseur'] as const)(
  'the first explained rule is the one that matches (%s)',
  (matching) => {
    fc.assert(
      fc.property(patterns, image, (list, subject) => {
        const policy = compile(list, matching);
        expect(policy.explain(subject).matches[0]?.index).toBe(policy.match(subject)?.index);
      }),
      { numRuns: 250 },
    );
  },
);

test.for(['strict', 'connaisseur'] as const)('findings are true (%s)', { tags: ['thorough'] }, (matching) => {
  fc.assert(
    fc.property(patterns, fc.array(image, { maxLength: 20 }), (list, images) => {
      const policy = compile(list, matching);
      const findings = policy.lint({ isStaticAllow: ({ pattern }) => pattern.length % 2 === 0 });
      const dead = new Set(
        findings.filter(({ code }) => code === 'unreachable-rule').map(({ index }) => index),
      );
      for (const subject of images) expect(dead.has(policy.match(subject)?.index ?? -1)).toBe(false);
      for (const { code, index, image: witness } of findings) {
        if (code !== 'overlap' && code !== 'equal-specificity') continue;
        expect(policy.match(parseImageReference(witness ?? ''))?.index).toBe(index);
      }
    }),
    { numRuns: 300 },
  );
});

test('no text makes anything but a pattern or a PatternError', { tags: ['thorough'] }, () => {
  const near = fc.string({
    unit: fc.constantFrom('*', '/', ':', '@', '.', '-', 'a', 'A', '[', ']', '0', 'é'),
  });
  fc.assert(
    fc.property(near, image, fc.constantFrom('strict', 'connaisseur'), (text, subject, matching) => {
      try {
        compile([text], matching).match(subject);
      } catch (error) {
        expect(error).toBeInstanceOf(PatternError);
      }
    }),
    { numRuns: 5_000 },
  );
});

test('R39 200 rules and the longest image: microseconds', () => {
  const list = Array.from({ length: 200 }, (_, i) => `ghcr.io/${'*a'.repeat(100)}*b${i}*`);
  const policies = [compile(list), compile(list, 'connaisseur')];
  const subject = parseImageReference(`ghcr.io/${'a'.repeat(247)}:${'a'.repeat(128)}`);
  const start = performance.now();
  for (const policy of policies) expect(policy.match(subject)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(5_000);
});
