// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { compileTemplate } from './compile-template.js';

const compile = (text: string) => compileTemplate({ name: 't', file: 't.json', text });
const codesOf = (text: string) => compile(text).findings.map(({ severity, code }) => `${severity} ${code}`);

describe('what a template may be', () => {
  test.for<{ name: string; text: string; kind: string | undefined; codes?: readonly string[] }>([
    { name: 'JSON with a variable', text: '{"a":"{{ images }}"}', kind: 'tree' },
    { name: 'no blank after the braces', text: '{"a":"{{images}}"}', kind: 'tree' },
    {
      name: 'camel case, as upstream reads it',
      text: '{"a":"{{ alertMessage }} {{ AlertMessage }}"}',
      kind: 'tree',
    },
    { name: 'a byte order mark', text: '\uFEFF{"a":"{{ images }}"}', kind: 'tree' },
    { name: 'single braces are text', text: '{"a":"{images} }} {"}', kind: 'tree' },
    { name: 'an escaped expression is text', text: '{"a":"\\\\{{DATE(x)}}"}', kind: 'tree' },
    {
      name: 'functions, conditions and a loop',
      text: '{"a":"{{#if (eq code \'x\')}}{{upper name}}{{else}}{{#each digests}}{{@index}} {{this}}{{/each}}{{/if}}"}',
      kind: 'tree',
    },
    {
      name: 'a loop with a name and outer variables',
      text: '{"a":"{{#each digests as |d|}}{{d}}{{../name}}{{@root.kind}}{{cluster}}{{/each}}"}',
      kind: 'tree',
    },
    { name: 'unless', text: '{"a":"{{#unless code}}x{{/unless}}"}', kind: 'tree' },
    { name: 'a comment', text: '{"a":"{{! note }}x"}', kind: 'tree' },
    { name: 'no expression at all', text: '{"a":1}', kind: 'tree' },
    {
      name: 'JSON only after rendering',
      text: '{"a":[{{#each digests}}"{{this}}"{{#unless @last}},{{/unless}}{{/each}}],"p":{{priority}},"l":{{json image_list}}}',
      kind: 'text',
    },
    { name: 'nothing', text: ' \n', kind: 'empty', codes: ['warning template-empty'] },
    { name: 'an empty object', text: '{}', kind: 'empty', codes: ['warning template-empty'] },
    {
      name: 'a Jinja statement is text, and warned of',
      text: '{"a":"{% if x %}"}',
      kind: 'tree',
      codes: ['warning template-jinja-statement'],
    },
    { name: 'a list', text: '["{{ images }}"]', kind: undefined, codes: ['error template-not-an-object'] },
    { name: 'a string', text: '"x"', kind: undefined, codes: ['error template-not-an-object'] },
    {
      name: 'a Jinja filter',
      text: '{"a":"{{ images | upper }}"}',
      kind: undefined,
      codes: ['error template-jinja-filter'],
    },
    {
      name: 'an unknown variable',
      text: '{"a":"{{ owner }}"}',
      kind: undefined,
      codes: ['error template-unknown-variable'],
    },
    {
      name: 'A07: an inherited name',
      text: '{"a":"{{ constructor }} {{ __proto__ }}"}',
      kind: undefined,
      codes: ['error template-unknown-variable', 'error template-unknown-variable'],
    },
    {
      name: 'A07: a member of a value',
      text: '{"a":"{{ images.constructor }}"}',
      kind: undefined,
      codes: ['error template-unknown-variable'],
    },
    {
      name: 'A07: a member through this',
      text: '{"a":"{{ this.constructor }}"}',
      kind: undefined,
      codes: ['error template-unknown-variable'],
    },
    {
      name: 'A07: an inherited name as a function',
      text: '{"a":"{{ toString images }}"}',
      kind: undefined,
      codes: ['error template-unknown-function'],
    },
    {
      name: 'A07: lookup',
      text: '{"a":"{{ lookup images \'x\' }}"}',
      kind: undefined,
      codes: ['error template-unknown-function'],
    },
    {
      name: 'A07: a block of another kind',
      text: '{"a":"{{#with images}}{{/with}}"}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'A07: a partial',
      text: '{"a":"{{> x }}"}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'A07: a decorator',
      text: '{"a":"{{* x }}"}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'three braces',
      text: '{"a":"{{{ images }}}"}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'an ampersand',
      text: '{"a":"{{& images }}"}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'too few values for a function',
      text: '{"a":"{{ truncate images }}"}',
      kind: undefined,
      codes: ['error template-unknown-function'],
    },
    {
      name: 'named values for a function',
      text: '{"a":"{{ upper images x=1 }}"}',
      kind: undefined,
      codes: ['error template-unknown-function'],
    },
    {
      name: 'A08: a loop in a loop',
      text: '{"a":"{{#each digests}}{{#each image_list}}{{/each}}{{/each}}"}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'a loop over a text',
      text: '{"a":"{{#each images}}{{/each}}"}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'a loop variable outside of a loop',
      text: '{"a":"{{ @index }} {{ this }}"}',
      kind: undefined,
      codes: ['error template-unknown-variable', 'error template-unknown-variable'],
    },
    {
      name: 'a block without an end',
      text: '{"a":"{{#if code}}"}',
      kind: undefined,
      codes: ['error template-syntax'],
    },
    {
      name: 'an expression in a key',
      text: '{"{{ name }}":1}',
      kind: undefined,
      codes: ['error template-unsupported-syntax'],
    },
    {
      name: 'A08: 64 KiB and more',
      text: `{"a":"${'x'.repeat(70_000)}"}`,
      kind: undefined,
      codes: ['error template-too-large'],
    },
    {
      name: 'A08: many levels',
      text: `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      kind: undefined,
      codes: ['error template-too-large'],
    },
    {
      name: 'A01: a text outside quotes',
      text: '{"a":{{ images }}}',
      kind: undefined,
      codes: ['error template-unquoted-text'],
    },
    {
      name: 'A01: an item outside quotes',
      text: '{"a":[{{#each digests}}{{this}}{{/each}}]}',
      kind: undefined,
      codes: ['error template-unquoted-text'],
    },
    {
      name: 'A01: a branch that opens a quote',
      text: '{"a":{{#if code}}"x{{else}}1{{/if}}{{ images }}"}',
      kind: undefined,
      codes: ['error template-unquoted-text'],
    },
    {
      name: 'A01: a loop that moves the quotes',
      text: '{"p":{{priority}},"a":"x{{#each digests}}"{{/each}}"}',
      kind: undefined,
      codes: ['error template-unquoted-text'],
    },
    {
      name: 'A01: a backslash before an expression',
      text: '{"p":{{priority}},"a":"\\\\{{ name }}"}',
      kind: undefined,
      codes: ['error template-unquoted-text'],
    },
    {
      name: 'a comma too many',
      text: '{"a":[{{#each digests}}"{{this}}",{{/each}}]}',
      kind: undefined,
      codes: ['error template-not-json'],
    },
    {
      name: 'a text template that is no object',
      text: '[{{priority}}]',
      kind: undefined,
      codes: ['error template-not-an-object'],
    },
    {
      name: 'not JSON at all',
      text: 'hello {{ priority }}',
      kind: undefined,
      codes: ['error template-not-json'],
    },
  ])('$name', ({ text, kind, codes = [] }) => {
    expect(compile(text).template?.kind).toBe(kind);
    expect(new Set(codesOf(text))).toEqual(new Set(codes));
  });
});

test.for([
  { name: 'in the first line', text: '{"a":"x {{ images | upper }}"}', line: 1, column: 9 },
  { name: 'in a later line', text: '{\n  "a": "{{ owner }}"\n}', line: 2, column: 12 },
  { name: 'after escapes', text: '{\n  "a": "\\n\\u0041\\"{{ owner }}"\n}', line: 2, column: 22 },
  { name: 'in a text template', text: '{"p": {{priority}},\n"a": "{{ owner }}"}', line: 2, column: 10 },
  { name: 'of an empty block', text: '{\n"a": "{{#if }}"}', line: 2, column: 7 },
])('the place of a finding: $name', ({ text, line, column }) => {
  expect(compile(text).findings).toMatchObject([{ file: 't.json', line, column }]);
});

test.for(readdirSync('deploy/alert-templates').map((file) => ({ file })))(
  'shipped: $file compiles without a finding',
  ({ file }) => {
    const text = readFileSync(`deploy/alert-templates/${file}`, 'utf8');
    const { template, findings } = compileTemplate({ name: file, file, text });
    expect(findings).toEqual([]);
    expect(template?.kind).toBe('tree');
  },
);
