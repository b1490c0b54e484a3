import { describe, expect, test } from 'vitest';

import type { HttpAnswer } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import { retryAfterOf, withRetries } from './retry.js';
import { TransportError } from './transport-error.js';

const answer = (status: number, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: new Map(Object.entries(headers)),
  body: new Uint8Array(),
  network: 'public',
});

const failure = (detail: string): TransportError =>
  new TransportError('unreachable', 'registry.example', detail);

async function run(
  outcomes: readonly (HttpAnswer | TransportError)[],
  signal: AbortSignal = AbortSignal.timeout(2_000),
  random = 0,
): Promise<{ result: string; attempts: number }> {
  let attempts = 0;
  const send = (): Promise<HttpAnswer> => {
    const outcome = outcomes[Math.min(attempts, outcomes.length - 1)] ?? answer(200);
    attempts += 1;
    return outcome instanceof TransportError ? Promise.reject(outcome) : Promise.resolve(outcome);
  };
  const result = await withRetries(send, { random: () => random, now: () => 0 }, signal).then(
    ({ status }) => String(status),
    (error: unknown) => (error instanceof TransportError ? error.detail : String(error)),
  );
  return { result, attempts };
}

describe('withRetries', () => {
  test.for<{
    name: string;
    outcomes: readonly (HttpAnswer | TransportError)[];
    is: { result: string; attempts: number };
  }>([
    { name: 'a success is final', outcomes: [answer(200)], is: { result: '200', attempts: 1 } },
    { name: '404 is final', outcomes: [answer(404)], is: { result: '404', attempts: 1 } },
    { name: '401 is final', outcomes: [answer(401)], is: { result: '401', attempts: 1 } },
    { name: '503, then a success', outcomes: [answer(503), answer(200)], is: { result: '200', attempts: 2 } },
    { name: '500 for ever', outcomes: [answer(500)], is: { result: '500', attempts: 3 } },
    {
      name: 'a reset, then a success',
      outcomes: [failure('ECONNRESET'), answer(200)],
      is: { result: '200', attempts: 2 },
    },
    { name: 'resets for ever', outcomes: [failure('ECONNRESET')], is: { result: 'ECONNRESET', attempts: 3 } },
    {
      name: 'a bad certificate is final',
      outcomes: [failure('CERT_HAS_EXPIRED')],
      is: { result: 'CERT_HAS_EXPIRED', attempts: 1 },
    },
    { name: 'a deadline is final', outcomes: [failure('DEADLINE')], is: { result: 'DEADLINE', attempts: 1 } },
    { name: 'G31 429 is tried once more', outcomes: [answer(429)], is: { result: '429', attempts: 2 } },
    {
      name: 'G31 a short Retry-After',
      outcomes: [answer(429, { 'retry-after': '0' }), answer(200)],
      is: { result: '200', attempts: 2 },
    },
    {
      name: 'G31 a long Retry-After',
      outcomes: [answer(429, { 'retry-after': '3600' })],
      is: { result: '429', attempts: 1 },
    },
    {
      name: 'G31 a long Retry-After of a 503',
      outcomes: [answer(503, { 'retry-after': '3600' })],
      is: { result: '503', attempts: 1 },
    },
  ])('$name', async ({ outcomes, is }) => {
    expect(await run(outcomes)).toEqual(is);
  });

  test('a signal that ends a pause leaves the reason for the pause', async () => {
    expect(await run([answer(503)], AbortSignal.timeout(10), 0.999)).toEqual({ result: '503', attempts: 1 });
  });
});

test.for([
  { name: 'seconds', header: '120', is: 120_000 },
  { name: 'a date', header: 'Thu, 01 Jan 1970 00:01:00 GMT', is: 60_000 },
  { name: 'a date that is over', header: 'Thu, 01 Jan 1960 00:01:00 GMT', is: 0 },
  { name: 'years', header: '999999999', is: REGISTRY_LIMITS.retryAfterMaxMs },
  { name: 'no number', header: 'soon', is: undefined },
  { name: 'a negative number', header: '-5', is: undefined },
])('G31 Retry-After: $name', ({ header, is }) => {
  expect(retryAfterOf(answer(429, { 'retry-after': header }), () => 0)).toBe(is);
});
