import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseForeignJson } from './foreign-json.js';

const parse = (text: string): unknown => parseForeignJson(Buffer.from(text));

/** The value with every list under `managedFields` emptied, as a parser that reads everything would make it. */
function withoutUnread(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnread);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'managedFields' && Array.isArray(inner) ? [] : withoutUnread(inner),
    ]),
  );
}

describe('lists of managed fields are not read', () => {
  test.for([
    {
      name: 'a list',
      text: '{"a":1,"managedFields":[{"b":[1]}],"c":2}',
      value: { a: 1, managedFields: [], c: 2 },
    },
    {
      name: 'two lists',
      text: '[{"managedFields":[1]},{"managedFields":[2]}]',
      value: [{ managedFields: [] }, { managedFields: [] }],
    },
    {
      name: 'one in another',
      text: '{"managedFields":[{"managedFields":[1]},2]}',
      value: { managedFields: [] },
    },
    {
      name: 'text that looks like its end',
      text: '{"managedFields":["]}\\"]"],"c":"ü"}',
      value: { managedFields: [], c: 'ü' },
    },
    {
      name: 'twin: a value of that text',
      text: '{"k":"managedFields","v":[1]}',
      value: { k: 'managedFields', v: [1] },
    },
    {
      name: 'twin: that text within a text',
      text: '{"k":"\\"managedFields\\":[","v":[1]}',
      value: { k: '"managedFields":[', v: [1] },
    },
    { name: 'twin: no list', text: '{"managedFields":{"a":[1]}}', value: { managedFields: { a: [1] } } },
    { name: 'twin: another name', text: '{"managedFieldz":[1]}', value: { managedFieldz: [1] } },
    { name: 'twin: another form', text: '{"managedFields": [1]}', value: { managedFields: [1] } },
  ])('$name', ({ text, value }) => {
    expect(parse(text)).toEqual(value);
  });

  test.for([
    { name: 'a list that does not end', text: '{"managedFields":[{}' },
    { name: 'a list that ends as an object', text: '{"managedFields":[1}}' },
    { name: 'what follows is no JSON', text: '{"managedFields":[1]]}' },
  ])('$name is refused', ({ text }) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'not-json' }));
  });

  test('any other part of any document is read as JSON.parse reads it', () => {
    const key = fc.oneof(fc.constant('managedFields'), fc.string({ maxLength: 4 }));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ maxLength: 20 }),
        fc.constantFrom('managedFields', '"managedFields":[', '\\"]', 7, null, true),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (document) => {
        const text = JSON.stringify(document);
        expect(parse(text)).toEqual(withoutUnread(JSON.parse(text)));
      }),
    );
  });
});
