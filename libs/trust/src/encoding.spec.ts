import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decodeBase64, decodeHex, TrustError } from './index.js';

describe('C18 J08: base64 has one spelling', () => {
  test.for([
    { name: 'padded text is read', text: 'AQI=', bytes: [1, 2] },
    { name: 'the empty text is no bytes', text: '', bytes: [] },
    { name: 'plus and slash are digits', text: '+/+/', bytes: [251, 255, 191] },
    { name: 'missing padding is refused', text: 'AQI', bytes: undefined },
    { name: 'the URL-safe alphabet is refused', text: '-_-_', bytes: undefined },
    { name: 'white space is refused', text: 'AQI=\n', bytes: undefined },
    { name: 'junk inside is refused', text: 'AQ!I=', bytes: undefined },
    { name: 'text after the padding is refused', text: 'AQI=AQI=', bytes: undefined },
    { name: 'stray bits at the end are refused', text: 'AQJ=', bytes: undefined },
    { name: 'a non-ASCII digit is refused', text: 'AQI\u{ff1d}', bytes: undefined },
  ])('$name', ({ text, bytes }) => {
    if (bytes === undefined)
      expect(() => decodeBase64(text)).toThrow(expect.objectContaining({ code: 'base64' }));
    else expect([...decodeBase64(text)]).toEqual(bytes);
  });

  test('every byte string has exactly its own text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ maxLength: 64 }), (bytes, text) => {
        expect(Buffer.from(decodeBase64(Buffer.from(bytes).toString('base64')))).toEqual(Buffer.from(bytes));
        try {
          expect(Buffer.from(decodeBase64(text)).toString('base64')).toBe(text);
        } catch (error) {
          expect(error).toBeInstanceOf(TrustError);
        }
      }),
    );
  });
});

describe('hex has one spelling', () => {
  test.for([
    { name: 'lower-case pairs are read', text: '00ff', bytes: [0, 255] },
    { name: 'upper case is refused', text: '00FF', bytes: undefined },
    { name: 'an odd digit is refused', text: '00f', bytes: undefined },
    { name: 'a non-digit is refused', text: '00zz', bytes: undefined },
    { name: 'a prefix is refused', text: '0x00', bytes: undefined },
  ])('$name', ({ text, bytes }) => {
    if (bytes === undefined) expect(() => decodeHex(text)).toThrow(expect.objectContaining({ code: 'hex' }));
    else expect([...decodeHex(text)]).toEqual(bytes);
  });
});
