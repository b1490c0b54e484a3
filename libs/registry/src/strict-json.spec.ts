import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { REGISTRY_LIMITS } from './limits.js';
import { isJsonObject, member, parseStrictJson, StrictJsonError } from './strict-json.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

function faultOf(input: Uint8Array): string {
  try {
    parseStrictJson(input);
  } catch (error) {
    return error instanceof StrictJsonError ? error.fault : String(error);
  }
  return 'none';
}

describe('parseStrictJson', () => {
  test.for([
    { name: 'an object', text: '{"a":1,"b":[true,null,"x"]}', fault: 'none' },
    { name: 'G15 a key twice', text: '{"a":1,"a":2}', fault: 'duplicate-key' },
    { name: 'G15 a key twice, deep', text: '{"x":[{"y":{"a":1,"b":2,"a":3}}]}', fault: 'duplicate-key' },
    { name: 'G15 a key twice, once escaped', text: String.raw`{"a":1,"\u0061":2}`, fault: 'duplicate-key' },
    { name: 'G15 a key twice with space before the colon', text: '{"a" :1,"a"\n:2}', fault: 'duplicate-key' },
    { name: 'G15 __proto__ twice', text: '{"__proto__":1,"__proto__":2}', fault: 'duplicate-key' },
    { name: 'the same key in two objects', text: '{"a":{"a":1},"b":{"a":1}}', fault: 'none' },
    { name: 'a value equal to a key', text: '{"a":"a","b":"a"}', fault: 'none' },
    { name: 'a value that looks like a duplicate', text: String.raw`{"a":"\",\"a\":1"}`, fault: 'none' },
    { name: 'a value that ends in a backslash', text: String.raw`{"a":"\\","b":"\\"}`, fault: 'none' },
    { name: 'keys that differ in case', text: '{"a":1,"A":2}', fault: 'none' },
    { name: 'as deep as allowed', text: nested(REGISTRY_LIMITS.jsonDepth), fault: 'none' },
    { name: 'one deeper', text: nested(REGISTRY_LIMITS.jsonDepth + 1), fault: 'too-deep' },
    { name: 'very deep', text: nested(500_000), fault: 'too-deep' },
    {
      name: 'too many values',
      text: `[${'1,'.repeat(REGISTRY_LIMITS.jsonValuesCount + 1)}1]`,
      fault: 'too-many-values',
    },
    { name: 'G36 HTML', text: '<!doctype html><p class="x">', fault: 'not-json' },
    { name: 'two documents', text: '{}{}', fault: 'not-json' },
    { name: 'an open string', text: '{"a', fault: 'not-json' },
    { name: 'nothing', text: '', fault: 'not-json' },
    { name: 'a byte order mark', text: '\uFEFF{}', fault: 'not-json' },
  ])('$name', ({ text, fault }) => {
    expect(faultOf(bytes(text))).toBe(fault);
  });

  test('invalid UTF-8 is refused', () => {
    expect(faultOf(Buffer.from([0x22, 0xff, 0x22]))).toBe('not-utf-8');
  });

  test('gives what JSON.parse gives for what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('throws nothing but its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        expect(faultOf(input)).toMatch(/^(none|not-utf-8|not-json|duplicate-key|too-deep|too-many-values)$/);
      }),
    );
  });
});

test('a member is never inherited', () => {
  const value = parseStrictJson(bytes('{"__proto__":{"digest":"x"},"own":1}'));
  if (!isJsonObject(value)) throw new Error('expected an object');
  expect([member(value, 'digest'), member(value, 'toString'), member(value, 'own')]).toEqual([
    undefined,
    undefined,
    1,
  ]);
});
