import { expect, test } from 'vitest';

import { FloorStore, resetFloor } from './floor-store.js';
import { RelayedFloors } from './relayed-floors.js';
import { formatFloor, NO_FLOOR, parseFloor } from './version-floor.js';

const NAME = 'name';
const signal = new AbortController().signal;
const at = (version: number): string =>
  formatFloor({ epoch: 0, roles: new Map([['targets@k', { version }]]) });

test('T02: what one thread has seen, the next one knows', async () => {
  const floors = new FloorStore();
  const one = new FloorStore(new RelayedFloors(floors));
  await one.raise(NAME, { epoch: 0, roles: new Map([['targets@k', { version: 7 }]]) }, signal);
  const next = new FloorStore(new RelayedFloors(floors));
  expect(await next.read(NAME, signal)).toEqual({
    epoch: 0,
    roles: new Map([['targets@k', { version: 7 }]]),
  });
});

test.for([
  { name: 'a lower version', text: at(3) },
  { name: 'no floor', text: 'garbage' },
  { name: 'a reset', text: resetFloor(9_000) },
  { name: 'nothing', text: formatFloor(NO_FLOOR) },
])('T02: a thread lowers nothing by $name', async ({ text }) => {
  const relay = new RelayedFloors(new FloorStore());
  await relay.write(NAME, at(7));
  await relay.write(NAME, text);
  expect(parseFloor(await relay.read(NAME, signal))?.roles.get('targets@k')?.version).toBe(7);
});
