import { describe, expect, test } from 'vitest';

import { type Finding, formatFindings } from './finding.js';
import { maskSecrets } from './mask-secrets.js';

const masked = (text: string): string => maskSecrets(text.split('\n')).join('\n');

test.for([
  {
    name: 'a password',
    text: 'auth:\n  password: hunter2\n  username: u',
    expected: 'auth:\n  password: ***\n  username: u',
  },
  {
    name: 'a password in a flow map',
    text: 'auth: {username: u, password: hunter2}',
    expected: 'auth: {username: u, password: ***',
  },
  { name: 'a quoted key', text: '"password": "hunter2"', expected: '"password": ***' },
  { name: 'JSON without blanks', text: '{"password":"hunter2"}', expected: '{"password": ***' },
  {
    name: 'a block scalar',
    text: 'password: |\n  hunter2\n  hunter2\nnext: a',
    expected: 'password: ***\n  ***\n  ***\nnext: a',
  },
  {
    name: 'headers',
    text: '- customHeaders:\n    - "A: hunter2"\n  template: slack',
    expected: '- customHeaders:\n    ***\n  template: slack',
  },
  {
    name: 'headers at the indent of their key',
    text: 'customHeaders:\n- A: hunter2\nnext: a',
    expected: 'customHeaders:\n***\nnext: a',
  },
  {
    name: 'a receiver',
    text: '- receiverUrl: https://hooks.example/hunter2\n  template: slack',
    expected: '- receiverUrl: ***\n  template: slack',
  },
  {
    name: 'a misspelt receiver',
    text: '- recieverUrl: https://hooks.example/hunter2',
    expected: '- recieverUrl: ***',
  },
  { name: 'a misspelt password', text: 'pasword: hunter2', expected: 'pasword: ***' },
  { name: 'an older spelling', text: 'receiver_url: hunter2', expected: 'receiver_url: ***' },
  {
    name: 'a URL anywhere',
    text: 'x: https://u:hunter2@a.example/hunter2?hunter2',
    expected: 'x: https://a.example/***',
  },
  {
    name: 'a private key',
    text: 'key: |\n  -----BEGIN PRIVATE KEY-----\n  hunter2\n  -----END PRIVATE KEY-----\nnext: a',
    expected: 'key: |\n  ***\n  ***\n  ***\nnext: a',
  },
  {
    name: 'environment variables of the chart',
    text: 'envs:\n  A: hunter2\nnext: a',
    expected: 'envs:\n  ***\nnext: a',
  },
])('$name', ({ text, expected }) => {
  expect(masked(text)).toBe(expected);
});

test.for([
  { name: 'a rule', text: '- pattern: "docker.io/library/*:*"\n  validator: deny' },
  { name: 'a public key', text: 'key: |\n  -----BEGIN PUBLIC KEY-----\n  MFkw\n  -----END PUBLIC KEY-----' },
  { name: 'the name of a secret', text: 'secretName: my-secret' },
  { name: 'a host', text: 'host: https://rekor.sigstore.dev' },
])('$name stays as it is', ({ text }) => {
  expect(masked(text)).toBe(text);
});

describe('findings for people', () => {
  const finding: Finding = {
    severity: 'error',
    code: 'unknown-key',
    file: 'values.yaml',
    line: 3,
    column: 5,
    path: 'a.b',
    message: 'unknown key "b"',
  };
  const text = 'one: 1\npassword: hunter2\na: { b: 1 }\nlast: 4\nmore: 5\n';

  test('one line without sources', () => {
    expect(formatFindings([finding, finding])).toBe(
      'values.yaml:3:5  a.b  unknown key "b"\nvalues.yaml:3:5  a.b  unknown key "b"',
    );
  });

  test('three lines and a caret with sources, secrets masked', () => {
    expect(formatFindings([finding], [{ name: 'values.yaml', text }])).toBe(
      [
        'values.yaml:3:5  a.b  unknown key "b"',
        '  2 | password: ***',
        '  3 | a: { b: 1 }',
        '    |     ^',
        '  4 | last: 4',
        '',
      ].join('\n'),
    );
  });

  test.for([
    { name: 'the first line', line: 1, lines: ['  1 | one: 1', '    | ^', '  2 | password: ***'] },
    { name: 'the line behind the last', line: 6, lines: ['  5 | more: 5', '  6 |', '    | ^'] },
  ])('$name', ({ line, lines }) => {
    const formatted = formatFindings([{ ...finding, line, column: 1 }], [{ name: 'values.yaml', text }]);
    expect(formatted.split('\n').slice(1, -1)).toEqual(lines);
  });

  test('a finding without a place has no excerpt', () => {
    const place = { file: 'environment', line: 0, column: 0 };
    expect(formatFindings([{ ...finding, ...place }], [{ name: 'environment', text }])).not.toContain('|');
  });
});
