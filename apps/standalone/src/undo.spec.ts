import { expect, test } from 'vitest';

import { Undo } from './undo.js';

test('takes back the last first, each once', async () => {
  const done: string[] = [];
  const undo = new Undo();
  undo.add(() => void done.push('first'));
  undo.add(async () => void done.push('second'));
  await undo.all();
  await undo.all();
  expect(done).toEqual(['second', 'first']);
});

test('a step that fails keeps none of the others, and is told', async () => {
  const done: string[] = [];
  const undo = new Undo();
  undo.add(() => void done.push('first'));
  undo.add(() => Promise.reject(new RangeError('second')));
  await expect(undo.all()).rejects.toThrow(RangeError);
  expect(done).toEqual(['first']);
});
