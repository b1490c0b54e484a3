import { expect, test } from 'vitest';

import { placeFindings } from './place-finding.js';

const TEXT = `alerting:
  rejectRequest:
    receivers:
      - template: slack
        receiverUrl: https://hooks.example
      - template: nothing
`;

test.for([
  { name: 'a value', path: 'alerting.rejectRequest.receivers[1].template', line: 6, column: 19 },
  { name: 'a list item', path: 'alerting.rejectRequest.receivers[0]', line: 4, column: 9 },
  {
    name: 'a value that is not written: what is around it',
    path: 'alerting.rejectRequest.receivers[1].priority',
    line: 6,
    column: 9,
  },
  { name: 'nothing of it is written: the file', path: 'other.key', line: 1, column: 1 },
])('$name', ({ path, line, column }) => {
  const finding = { severity: 'error', code: 'x', file: '', line: 0, column: 0, path, message: 'm' } as const;
  expect(placeFindings([finding], { name: 'f.yaml', text: TEXT })).toEqual([
    { ...finding, file: 'f.yaml', line, column },
  ]);
});

test('an empty file has no places', () => {
  const finding = {
    severity: 'error',
    code: 'x',
    file: '',
    line: 9,
    column: 9,
    path: 'a',
    message: 'm',
  } as const;
  expect(placeFindings([finding], { name: 'f.yaml', text: '' })).toMatchObject([{ line: 0, column: 0 }]);
});
