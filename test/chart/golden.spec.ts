import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { describeWithHelm, template } from './helm.js';
import { VALUE_SETS } from './value-sets.js';

/** What a reader of a diff should see whole. `CHART_GOLDEN=write` writes them anew. */
const GOLDEN = [
  'nothing',
  'monitoring',
  'cert-manager with an issuer of its own',
  'external Redis with a user for each',
  'narrow network',
  'labelled namespaces are ignored',
];

describeWithHelm('the rendering', () => {
  test.for(GOLDEN)('of "%s" is the golden one (else: CHART_GOLDEN=write, and read the diff)', (name) => {
    const set = VALUE_SETS.find((candidate) => candidate.name === name);
    const { ok, text, error } = template(set);
    expect(ok, error).toBe(true);
    const file = `test/chart/golden/${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}.yaml`;
    if (process.env['CHART_GOLDEN'] === 'write') {
      mkdirSync('test/chart/golden', { recursive: true });
      writeFileSync(file, text);
    }
    expect(existsSync(file), file).toBe(true);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });
});
