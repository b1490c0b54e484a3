import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { MAX_BATCH } from './batch-text.js';
import { DecisionBuffer } from './decision-buffer.js';
import type { EncodedDecision } from './decision-codec.js';

const LIMITS = { batchRecords: 16, lingerMs: 5, maxWaiting: 1_000, maxWaitingChars: 3_000_000 };
let due: number;
let buffer: DecisionBuffer;
beforeEach(() => {
  vi.useFakeTimers();
  due = 0;
  buffer = new DecisionBuffer(LIMITS, () => {
    due += 1;
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const aRecord = (chars = 10): EncodedDecision => ({
  record: 'x'.repeat(chars),
  evidence: undefined,
  denial: false,
});
function add(count: number, chars?: number): void {
  for (let number = 0; number < count; number += 1) void buffer.add(aRecord(chars), 'r', false);
}
const sizes = (): number[] => {
  const all: number[] = [];
  for (let batch = buffer.take(); batch !== undefined; batch = buffer.take()) all.push(batch.records.length);
  return all;
};

test.for([
  { name: 'a few records wait', count: 15, ms: 4, expected: [] },
  { name: 'until the first has waited long enough', count: 15, ms: 5, expected: [15] },
  { name: 'or until they are enough', count: 16, ms: 0, expected: [16] },
  { name: 'more than enough go together when the writer was busy', count: 100, ms: 0, expected: [100] },
  { name: 'up to the most of a batch', count: MAX_BATCH + 20, ms: 0, expected: [MAX_BATCH, 20] },
])('$name', ({ count, ms, expected }) => {
  add(count);
  vi.advanceTimersByTime(ms);
  expect(sizes()).toEqual(expected);
  expect(due > 0).toBe(expected.length > 0);
});

test('every batch has its own time', () => {
  add(16);
  expect(sizes()).toEqual([16]);
  vi.advanceTimersByTime(3);
  add(1);
  vi.advanceTimersByTime(4);
  expect(sizes()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sizes()).toEqual([1]);
});

test('somebody who waits for the record does not wait for company', () => {
  add(1);
  void buffer.add(aRecord(), 'r', true);
  void buffer.add(aRecord(), 'r', true);
  expect(sizes()).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(sizes()).toEqual([3]);
});

test('large records fill a batch sooner', () => {
  add(3, 500_000);
  vi.advanceTimersByTime(5);
  expect(sizes()).toEqual([2, 1]);
});

test.for([
  { name: 'by number', count: 1_000, chars: 1 },
  { name: 'by size', count: 3, chars: 1_000_000 },
])('is full $name until the writer takes what waits', ({ count, chars }) => {
  add(count - 1, chars);
  expect(buffer.isFull()).toBe(false);
  add(1, chars);
  expect(buffer.isFull()).toBe(true);
  expect(buffer.waiting).toBe(count);
  buffer.flush();
  sizes();
  expect(buffer.isFull()).toBe(false);
  expect(buffer.waiting).toBe(0);
});

test('all of a batch become durable together, or none', async () => {
  const ends = [buffer.add(aRecord(), 'r', false), buffer.add(aRecord(), 'r', false)];
  buffer.flush();
  buffer.take()?.settle();
  await expect(Promise.all(ends)).resolves.toHaveLength(2);
});
