import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { nextLinks } from './link-header.js';

test.for([
  {
    name: 'as distribution writes it',
    header: '</v2/a/referrers/x?n=1&last=y>; rel="next"',
    links: ['/v2/a/referrers/x?n=1&last=y'],
  },
  { name: 'without quotes', header: '</a>; rel=next', links: ['/a'] },
  { name: 'with another parameter', header: '</a>; title="x, y"; rel="next"', links: ['/a'] },
  { name: 'beside another relation', header: '</a>; rel="prev", </b>; rel="next"', links: ['/b'] },
  { name: 'a comma in the target', header: '</a,b>; rel="next"', links: ['/a,b'] },
  { name: 'two', header: '</a>; rel="next", </b>; rel="next"', links: ['/a', '/b'] },
  { name: 'the word in another parameter', header: '</a>; title="rel=next"', links: [] },
  { name: 'a longer word', header: '</a>; rel="nexts"', links: [] },
  { name: 'nothing', header: '', links: [] },
])('$name', ({ header, links }) => {
  expect(nextLinks(header)).toEqual(links);
});

test('any header ends', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('<', '>', ';', ',', '"', ' ', 'rel=', 'next', 'a'), maxLength: 200 }),
      (header) => {
        expect(nextLinks(header).length).toBeLessThanOrEqual(200);
      },
    ),
  );
});
