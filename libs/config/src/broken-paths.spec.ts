import { expect, test } from 'vitest';

import { BrokenPaths } from './broken-paths.js';

test.for([
  { path: 'a.b[1].c', touched: true },
  { path: 'a.b[1].c.d', touched: true },
  { path: 'a.b[1].c[0]', touched: true },
  { path: 'a.b[1]', touched: true },
  { path: 'a', touched: true },
  { path: '', touched: true },
  { path: 'a.b[1].cd', touched: false },
  { path: 'a.b[1].e', touched: false },
  { path: 'a.b[10].c', touched: false },
  { path: 'b', touched: false },
])('a mistake at a.b[1].c touches "$path": $touched', ({ path, touched }) => {
  expect(new BrokenPaths(['a.b[1].c', 'x.y']).touch(path)).toBe(touched);
});

test('a document that is broken as a whole touches everything; a sound one nothing', () => {
  expect(new BrokenPaths(['']).touch('a.b')).toBe(true);
  expect(new BrokenPaths([]).touch('')).toBe(false);
});
