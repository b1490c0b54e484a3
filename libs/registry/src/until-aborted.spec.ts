import { expect, test } from 'vitest';

import { untilAborted } from './until-aborted.js';

const { signal: never } = new AbortController();

test('the result or the failure, where no signal comes first', async () => {
  await expect(untilAborted(Promise.resolve(1), never)).resolves.toBe(1);
  await expect(untilAborted(Promise.reject(new RangeError('no')), never)).rejects.toThrow(RangeError);
});

test.for([
  { name: 'an error', reason: new RangeError('over'), is: RangeError },
  { name: 'anything else', reason: 'over', is: Error },
])('the signal’s reason, where it comes first: $name', async ({ reason, is }) => {
  await expect(untilAborted(Promise.resolve(1), AbortSignal.abort(reason))).rejects.toThrow(is);
  const stop = new AbortController();
  const waiting = untilAborted(Promise.withResolvers<number>().promise, stop.signal);
  stop.abort(reason);
  await expect(waiting).rejects.toThrow(is);
});
