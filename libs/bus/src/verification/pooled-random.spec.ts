import { expect, test } from 'vitest';

import { pooledRandom } from './pooled-random.js';

test('no byte is given twice, and the pool is filled again when it is used up', () => {
  let fills = 0;
  const random = pooledRandom((pool) => {
    fills += 1;
    for (let index = 0; index < pool.length / 16; index += 1)
      pool.writeUInt32BE(fills * 1000 + index, index * 16);
  });
  const nonces = Array.from({ length: 600 }, () => Buffer.from(random(16)).toString('hex'));
  expect(new Set(nonces).size).toBe(600);
  expect(fills).toBe(3);
});

test('what was given does not change later', () => {
  const random = pooledRandom();
  const first = random(16);
  const before = Buffer.from(first).toString('hex');
  for (let index = 0; index < 600; index += 1) random(16);
  expect(Buffer.from(first).toString('hex')).toBe(before);
});

test.for([
  { name: 'none', bytes: 0 },
  { name: 'more than the pool has', bytes: 4097 },
])('$name: TypeError', ({ bytes }) => {
  expect(() => pooledRandom()(bytes)).toThrow(TypeError);
});
