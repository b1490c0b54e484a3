import { expect, test } from 'vitest';

import { type LoggedFinding, logFindings } from './log-findings.js';

const finding: LoggedFinding = {
  severity: 'warning',
  code: 'unknown-key',
  file: 'config.yaml',
  line: 3,
  column: 5,
  path: 'application.policy[0]',
  message: 'expected a known key',
};

function told(findings: readonly LoggedFinding[]): unknown[] {
  const lines: unknown[] = [];
  logFindings(findings, { warn: (...line: unknown[]) => void lines.push(line) });
  return lines;
}

test('a finding is told with its place', () => {
  const fields = { code: 'unknown-key', path: 'application.policy[0]' };
  expect(told([finding, { ...finding, line: 0, file: '' }])).toEqual([
    [{ ...fields, place: 'config.yaml:3:5' }, 'configuration: expected a known key'],
    [fields, 'configuration: expected a known key'],
  ]);
});

test('of very many some are told, and how many more there are', () => {
  const lines = told(Array.from({ length: 60 }, () => finding));
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toMatchObject([{ more: 10 }, expect.any(String)]);
});
