import { globSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

const PAGE = 'docs/reference/catalogue.md';
/** A row of the catalogue by its letter and two digits; the letters are the chapters of the page. */
const ID = /\b[ACDFGHJKNPRST][0-9]{2}\b/g;

test('every id that a spec names has its line in the catalogue, and one only', () => {
  const lines = [...readFileSync(PAGE, 'utf8').matchAll(/^\| ([A-Z][0-9]+) \| \S.* \|$/gm)];
  const explained = new Set(lines.map(([, id]) => id));
  expect(lines).toHaveLength(explained.size);
  const specs = globSync('{apps,libs,test,deploy}/**/*.{spec,contract}.ts').filter(
    (file) => !file.includes('node_modules'),
  );
  const named = specs.flatMap((file) => readFileSync(file, 'utf8').match(ID) ?? []);
  expect(named.length).toBeGreaterThan(300);
  expect([...new Set(named)].filter((id) => !explained.has(id))).toEqual([]);
});
