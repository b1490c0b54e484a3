import { expect, test } from 'vitest';

import { plainText } from './plain-text.js';

test.for([
  { name: 'ordinary text stays', text: 'ghcr.io/acme/web:3.1 → ok', shown: 'ghcr.io/acme/web:3.1 → ok' },
  { name: 'an escape sequence', text: '\u001b[2Jgone', shown: '?[2Jgone' },
  { name: 'a second line', text: 'OK\r\nDENY', shown: 'OK??DENY' },
  { name: 'a C1 control', text: '\u009b31m', shown: '?31m' },
  { name: 'text that runs backwards', text: 'a\u202egpj', shown: 'a?gpj' },
])('$name', ({ text, shown }) => {
  expect(plainText(text)).toBe(shown);
});
