import { expect, test } from 'vitest';

import { silentLogger } from '#observability';

import { FaultLog } from './fault-log.js';

test('a fault is told once for each kind and half minute, with how often it came', () => {
  const lines: object[] = [];
  let now = 0;
  const log = new FaultLog({ ...silentLogger, warn: (fields) => void lines.push(fields) }, () => now);
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  for (let count = 0; count < 600; count += 1, now += 50) log.report(refused);
  expect(lines).toHaveLength(1);
  log.report(new Error('another'));
  log.report(refused);
  expect(lines).toMatchObject([{ repeated: 0 }, { repeated: 0 }, { repeated: 599 }]);
});
