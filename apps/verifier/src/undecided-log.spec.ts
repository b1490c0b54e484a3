import { expect, test } from 'vitest';

import { silentLogger } from '#observability';

import { UndecidedLog } from './undecided-log.js';

function world() {
  const state = { now: 0 };
  const lines: unknown[] = [];
  const log = Object.assign(Object.create(silentLogger) as typeof silentLogger, {
    warn: (fields: unknown) => void lines.push(fields),
  });
  const undecided = new UndecidedLog(log, () => state.now);
  const report = (host: string, code: 'CNS-2004' | 'CNS-2006' = 'CNS-2004'): void =>
    undecided.report(
      { outcome: 'undecided', code, message: `${host} is away`, evidence: [], tookMs: 1 },
      host,
    );
  return { state, lines, report };
}

test('a cause is told at once, with host, code and reason', () => {
  const { lines, report } = world();
  report('ghcr.io');
  report('ghcr.io', 'CNS-2006');
  report('quay.io');
  expect(lines).toEqual([
    { host: 'ghcr.io', code: 'CNS-2004', reason: 'ghcr.io is away', repeated: 0 },
    { host: 'ghcr.io', code: 'CNS-2006', reason: 'ghcr.io is away', repeated: 0 },
    { host: 'quay.io', code: 'CNS-2004', reason: 'quay.io is away', repeated: 0 },
  ]);
});

test('the same one again after half a minute, with the number of those between', () => {
  const { state, lines, report } = world();
  for (let count = 0; count < 10; count += 1) report('ghcr.io');
  state.now = 30_000;
  report('ghcr.io');
  expect(lines).toMatchObject([{ repeated: 0 }, { repeated: 9 }]);
});

test('S14 whoever names many hosts does not fill the log, and another one is heard afterwards', () => {
  const { state, lines, report } = world();
  for (let count = 0; count < 1000; count += 1) report(`h${count}.example.com`);
  expect(lines).toHaveLength(50);
  state.now = 30_000;
  report('ghcr.io');
  expect(lines).toHaveLength(51);
});
