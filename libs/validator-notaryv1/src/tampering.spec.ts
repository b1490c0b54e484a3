import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  NOTARY_COLLECTION as COLLECTION,
  NOTARY_KEYS as KEYS,
  notaryDigest,
  NotaryKey,
  NotaryWorld,
  signingForm,
} from '#testing';

import { canonicalJson } from './canonical-json.js';
import { TrustDataError } from './error.js';
import { parseExpiry } from './expiry.js';

const A = notaryDigest('a');
const FILES = ['root', 'timestamp', 'snapshot', 'targets', 'targets/releases'];

async function published(): Promise<NotaryWorld> {
  const world = new NotaryWorld();
  const collection = await world.notary.collection(COLLECTION);
  collection.delegate('targets/releases', [KEYS.targets]);
  collection
    .add('v1', A)
    .add('v1', A, 'targets/releases')
    .add('v2', notaryDigest('b'), 'targets/releases')
    .publish();
  return world;
}

/** The names under which a file is served. */
function namesOf(world: NotaryWorld, role: string): string[] {
  const name = new RegExp(`^${COLLECTION}/(?:1\\.)?${role}(?:\\.[0-9a-f]{64})?$`);
  return [...world.notary.files.keys()].filter((key) => name.test(key));
}

describe('valid trust data with one change never admit another digest', () => {
  test('a byte', async () => {
    const world = await published();
    const { files } = world.notary;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FILES),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (role, at, mask) => {
          const names = namesOf(world, role);
          const valid = files.get(names[0] ?? '') ?? Buffer.alloc(0);
          const changed = Buffer.from(valid);
          changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ mask;
          for (const name of names) files.set(name, changed);
          const fresh = new NotaryWorld();
          for (const [name, bytes] of files) fresh.notary.files.set(name, bytes);
          const verdict = await fresh.verdict();
          for (const name of names) files.set(name, valid);
          expect(verdict === A || verdict.startsWith('CNS-')).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a field, with all hashes above it made anew and the signatures left as they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...FILES), fc.nat(), fc.jsonValue(), async (role, at, value) => {
        const world = new NotaryWorld();
        const collection = await world.notary.collection(COLLECTION);
        collection.delegate('targets/releases', [KEYS.targets]).add('v1', A, 'targets/releases');
        collection.publish({ role, file: (file) => replaceLeaf(file.signed, at, value) });
        const verdict = await world.verdict();
        expect(verdict === A || verdict.startsWith('CNS-')).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

test('T20: the canonical form is that of an independent writer', () => {
  // `unit: 'binary'` makes a map of all code points first, a second long. UTF-8 and UTF-16 order the named ones otherwise.
  const codePoint = fc.oneof(
    fc.nat(0x10_f7ff).map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800)),
    fc.constantFrom('a', '"', '\\', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
  );
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: codePoint }), (value) => {
      let form: string;
      try {
        form = canonicalJson(value);
      } catch (error) {
        expect(error).toBeInstanceOf(TrustDataError);
        return;
      }
      expect(form).toBe(signingForm(value));
    }),
    { numRuns: 200 },
  );
});

test.for([
  {
    name: 'keys in the order of UTF-8',
    value: { '\u{10000}': 1, '\ue000': 2, b: 3, a: 4 },
    form: '{"a":4,"b":3,"\ue000":2,"\u{10000}":1}',
  },
  { name: 'numbers as keys', value: { 10: 1, 9: 2 }, form: '{"10":1,"9":2}' },
  { name: 'quotes and backslashes escaped', value: ['"\\'], form: String.raw`["\"\\"]` },
  { name: 'control characters as they are', value: '\n\u0000<', form: '"\n\u0000<"' },
  { name: 'null, true, false', value: [null, true, false], form: '[null,true,false]' },
  { name: '__proto__', value: JSON.parse('{"__proto__":1,"A":2}') as unknown, form: '{"A":2,"__proto__":1}' },
])('canonical JSON: $name', ({ value, form }) => {
  expect(canonicalJson(value)).toBe(form);
});

test.for([1.5, 2 ** 53, -0, Number.NaN, '\ud800', { '\udc00': 1 }])('canonical JSON refuses %j', (value) => {
  expect(() => canonicalJson(value)).toThrow(TrustDataError);
});

test('T11: every time that Date writes is read as it is', () => {
  const max = new Date('2100-01-01');
  fc.assert(
    fc.property(fc.date({ min: new Date('2000-01-01'), max, noInvalidDate: true }), (date) => {
      expect(parseExpiry(date.toISOString(), Date.parse('2026-11-21'))).toBe(date.getTime());
    }),
  );
});

test('keys of other kinds sign for roles, too', async () => {
  const world = new NotaryWorld();
  const rsa = NotaryKey.rsa();
  const p384 = NotaryKey.ecdsa('P-384');
  const collection = await world.notary.collection(COLLECTION, { targets: rsa, snapshot: p384 });
  collection.add('v1', A).publish();
  expect(await world.verdict()).toBe(A);
});

/** Puts `value` in the place of one leaf, counted from the start. */
function replaceLeaf(root: Record<string, unknown>, at: number, value: unknown): void {
  const leaves: [Record<string, unknown>, string][] = [];
  const open: Record<string, unknown>[] = [root];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    for (const [key, child] of Object.entries(each)) {
      // Arrays are objects with numbers for names.
      if (typeof child === 'object' && child !== null) open.push(child as Record<string, unknown>);
      else leaves.push([each, key]);
    }
  }
  const [object, key] = leaves[at % leaves.length] ?? [root, 'x'];
  object[key] = value;
}
