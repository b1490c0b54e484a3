import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { JsonObject } from './json-object.js';

const parse = (text: string): JsonObject => JsonObject.parse(Buffer.from(text));
const malformed = expect.objectContaining({ name: 'MalformedSignatureError' });

describe('J11 G15: only one reading is possible', () => {
  test.for([
    { name: 'an object', text: '{"a":{"b":[1,{"c":"x"}]},"d":null}', ok: true },
    {
      name: 'the same name in two objects',
      text: '{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}',
      ok: true,
    },
    { name: 'names inside strings', text: '{"a":"{\\"a\\":1,\\"a\\":2}"}', ok: true },
    { name: 'a string that ends in a backslash', text: '{"a":"\\\\","b":"\\\\"}', ok: true },
    { name: 'white space around colons', text: '{ "a" :\n1 , "b"\t:2 }', ok: true },
    { name: 'a name twice', text: '{"a":1,"a":1}', ok: false },
    { name: 'a name twice, once escaped', text: '{"a":1,"\\u0061":2}', ok: false },
    { name: 'a name twice with other members between', text: '{"a":1,"b":{"a":1},"a":1}', ok: false },
    { name: 'a name twice deep inside', text: '{"x":[[{"y":{"a":1,"a":2}}]]}', ok: false },
    { name: '__proto__ twice', text: '{"__proto__":1,"__proto__":2}', ok: false },
    { name: 'no object', text: '[]', ok: false },
    { name: 'null', text: 'null', ok: false },
    { name: 'nothing', text: '', ok: false },
    { name: 'text after it', text: '{} {}', ok: false },
    { name: 'a byte order mark', text: '\uFEFF{}', ok: false },
    { name: 'J24: 33 levels', text: `{"a":${'['.repeat(32)}${']'.repeat(32)}}`, ok: false },
    { name: '32 levels', text: `{"a":${'['.repeat(31)}${']'.repeat(31)}}`, ok: true },
    { name: 'J24: 100 000 levels', text: `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, ok: false },
  ])('$name', ({ text, ok }) => {
    if (ok) expect(parse(text)).toBeInstanceOf(JsonObject);
    else expect(() => parse(text)).toThrow(malformed);
  });

  test('bytes that are no UTF-8 are refused', () => {
    expect(() => JsonObject.parse(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(
      malformed,
    );
  });

  test('every object that JSON can say is read, and a repeated name never is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }), (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toBeInstanceOf(JsonObject);
        const first = JSON.stringify(Object.keys(value)[0]);
        expect(() => parse(`${text.slice(0, -1)},${first}:0}`)).toThrow(malformed);
      }),
    );
  });
});

describe('a reader gets what it names, or nothing', () => {
  const document = parse(
    '{"s":"x","n":7,"f":1.5,"neg":-1,"big":9007199254740993,"i":"12","bad":"012","huge":"99999999999999999999","o":{},"l":[{},{}],"z":null,"b":"AQI=","h":"0102","constructor":1}',
  );
  test.for<{ name: string; read: () => unknown; is?: unknown }>([
    { name: 'a string', read: () => document.string('s'), is: 'x' },
    { name: 'a number is no string', read: () => document.string('n') },
    { name: 'absent is no string', read: () => document.string('toString') },
    { name: 'an integer', read: () => document.integer('n'), is: 7 },
    { name: 'J10: a fraction', read: () => document.integer('f') },
    { name: 'J10: a negative', read: () => document.integer('neg') },
    { name: 'J10: beyond 2^53', read: () => document.integer('big') },
    { name: 'J10: a string is no integer', read: () => document.integer('i') },
    { name: 'an int64', read: () => document.int64('i'), is: 12 },
    { name: 'an absent int64 is 0', read: () => document.int64('none'), is: 0 },
    { name: 'an int64 with a leading zero', read: () => document.int64('bad') },
    { name: 'an int64 beyond 2^53', read: () => document.int64('huge') },
    { name: 'an int64 as a number', read: () => document.int64('n') },
    { name: 'a list', read: () => document.objects('l', 2).length, is: 2 },
    { name: 'a list that is too long', read: () => document.objects('l', 1) },
    { name: 'an absent list is empty', read: () => document.objects('none', 1), is: [] },
    { name: 'a list of other things', read: () => document.strings('l', 2) },
    { name: 'an object', read: () => document.object('o').has('x'), is: false },
    { name: 'null is no object', read: () => document.object('z') },
    { name: 'null is absent', read: () => document.has('z'), is: false },
    { name: 'a list is no object', read: () => document.object('l') },
    {
      name: 'J06: a name of Object.prototype is a member like any other',
      read: () => document.integer('constructor'),
      is: 1,
    },
  ])('$name', ({ read, is }) => {
    if (is === undefined) expect(read).toThrow(malformed);
    else expect(read()).toEqual(is);
  });

  test('bytes are read strictly', () => {
    expect([...document.base64('b')]).toEqual([1, 2]);
    expect([...document.hex('h')]).toEqual([1, 2]);
    expect(() => document.base64('s')).toThrow(expect.objectContaining({ code: 'base64' }));
    expect(() => document.hex('s')).toThrow(expect.objectContaining({ code: 'hex' }));
  });

  test('C04: members beyond the named ones are refused', () => {
    expect(() => parse('{"a":1,"A":2}').only('a')).toThrow(malformed);
    expect(parse('{"a":1}').only('a', 'b').integer('a')).toBe(1);
  });
});
