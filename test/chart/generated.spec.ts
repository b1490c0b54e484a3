import { globSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { chartJsonSchema, jsonSchema, loadConfiguration } from '#config';

import { chartFiles } from '../../deploy/chart/generate.js';

import {
  CONNAISSEUR3_ALERTING,
  CONNAISSEUR3_COSIGN,
  CONNAISSEUR3_CREDENTIALS,
  CONNAISSEUR3_DEFAULT,
} from './connaisseur3-values.js';
import type { Yaml } from './helm.js';

const FILES = chartFiles(process.cwd());
const SCHEMA = chartJsonSchema() as Yaml;
const VALUES = parse(readFileSync('deploy/chart/values.yaml', 'utf8'));

test.for([...FILES.keys()])('%s is what the generator makes (else: make chart)', (path) => {
  expect(readFileSync(path, 'utf8')).toBe(FILES.get(path));
});

test('no template is left that ships no more', () => {
  const here = globSync('deploy/chart/files/alert-templates/*').toSorted();
  expect(here).toEqual([...FILES.keys()].filter((path) => path.includes('alert-templates')).toSorted());
});

test.for([
  { name: 'its own values', values: VALUES },
  { name: 'the default values of Connaisseur 3', values: CONNAISSEUR3_DEFAULT },
  { name: 'cosign', values: CONNAISSEUR3_COSIGN },
  { name: 'alerting', values: CONNAISSEUR3_ALERTING },
  { name: 'credentials', values: CONNAISSEUR3_CREDENTIALS },
])('the schema takes $name', ({ values }) => {
  expect(z.fromJSONSchema(SCHEMA).safeParse(values).error).toBeUndefined();
});

test('connaisseur lint reads the whole values file of the chart', () => {
  const text = readFileSync('deploy/chart/values.yaml', 'utf8');
  const { policy, findings } = loadConfiguration({ file: { name: 'values.yaml', text } });
  expect(policy.map(({ validator }) => validator)).toEqual(['deny', 'allow', 'dockerhub', 'allow']);
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('what the processes read has the same schema in the chart', () => {
  const [chart, processes] = [SCHEMA, jsonSchema() as Yaml].map(
    ({ properties }) => properties.application.properties.policy,
  );
  expect(chart).toEqual(processes);
});

test('it is draft-7, closed at every level below kubernetes, and every key has a description', () => {
  expect(SCHEMA.$schema).toBe('http://json-schema.org/draft-07/schema#');
  const open: string[] = [];
  const silent: string[] = [];
  walk(SCHEMA, '');
  expect({ open, silent }).toEqual({ open: [], silent: [] });

  function walk(part: Yaml, path: string): void {
    if (part.properties !== undefined && part.additionalProperties !== false) open.push(path);
    for (const [key, below] of Object.entries<Yaml>(part.properties ?? {})) {
      if (below.description === undefined) silent.push(`${path}.${key}`);
      walk(below, `${path}.${key}`);
    }
    for (const branch of [
      ...(part.anyOf ?? []),
      ...(part.oneOf ?? []),
      ...(part.items === undefined ? [] : [part.items]),
    ])
      walk(branch, path);
  }
});

test('P18 every key below kubernetes is read by a template', () => {
  const templates = globSync('deploy/chart/templates/**/*').filter((file) =>
    /\.(?:yaml|tpl|txt)$/.test(file),
  );
  const text = templates.map((file) => readFileSync(file, 'utf8')).join('\n');
  const words = new Set(text.match(/[A-Za-z]\w*/g));
  const unread: string[] = [];
  walk(SCHEMA.properties.kubernetes, 'kubernetes');
  expect(unread).toEqual([]);

  function walk(part: Yaml, path: string): void {
    for (const [key, below] of Object.entries<Yaml>(part.properties ?? {})) {
      // Resources, and the Secret names that are put together from a component's name.
      if (path.endsWith('.resources') || /^(?:gateway|verifier|alerting)SecretName$/.test(key)) continue;
      if (!words.has(key)) unread.push(`${path}.${key}`);
      walk(below, `${path}.${key}`);
    }
  }
});
