import { expect, test } from 'vitest';

import type { HttpAnswer, HttpRequest, HttpTransport } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import { RegistryClient } from './registry-client.js';
import { VerificationBudget } from './verification-budget.js';

/** Every answer is a 404 with this many bytes. */
function answering(bytes: number, status = 404): { transport: HttpTransport; sent: HttpRequest[] } {
  const sent: HttpRequest[] = [];
  const answer: HttpAnswer = { status, headers: new Map(), body: new Uint8Array(), network: 'public' };
  const request = (each: HttpRequest): Promise<HttpAnswer> => {
    sent.push(each);
    each.onBytes?.(bytes);
    return Promise.resolve(answer);
  };
  return { transport: { request, close: () => Promise.resolve() }, sent };
}

async function askUntilRefused(transport: HttpTransport, most: number): Promise<string> {
  const client = new RegistryClient({ transport, random: () => 0 }).within(new VerificationBudget());
  for (let count = 0; count < most; count += 1) {
    const target = { host: 'ghcr.io', path: 'a', reference: `v${count}` };
    const reason = await client.manifest(target, AbortSignal.timeout(5_000)).then(
      () => 'ok',
      (error: { reason: string; limit?: string }) => `${error.reason} ${error.limit ?? ''}`.trim(),
    );
    if (reason !== 'not-found') return reason;
  }
  return 'never';
}

const REQUESTS = REGISTRY_LIMITS.verificationRequestsCount;

test.for([
  { name: 'as many requests as it has', bytes: 0, most: REQUESTS, is: 'never', sent: REQUESTS },
  {
    name: 'one more',
    bytes: 0,
    most: REQUESTS + 1,
    is: 'too-large verificationRequestsCount',
    sent: REQUESTS,
  },
  { name: 'as many bytes as it has', bytes: 1024 * 1024, most: 16, is: 'never', sent: 16 },
  { name: 'more bytes', bytes: 1024 * 1024, most: 17, is: 'too-large verificationBytes', sent: 17 },
])('§6.2 G12 $name', async ({ bytes, most, is, sent }) => {
  const registry = answering(bytes);
  expect(await askUntilRefused(registry.transport, most)).toBe(is);
  expect(registry.sent).toHaveLength(sent);
});

test('§6.2 G12 repetitions and tokens are paid for too', async () => {
  const busy = answering(0, 429);
  const client = new RegistryClient({ transport: busy.transport, random: () => 0 });
  const budget = new VerificationBudget();
  const target = { host: 'ghcr.io', path: 'a', reference: 'v1' };
  await expect(client.within(budget).manifest(target, AbortSignal.timeout(5_000))).rejects.toMatchObject({
    reason: 'rate-limited',
  });
  expect([busy.sent.length, budget.requests]).toEqual([2, 2]);
});

test('one verification takes nothing away from the next', async () => {
  const { transport } = answering(0);
  expect(await askUntilRefused(transport, REQUESTS)).toBe('never');
  expect(await askUntilRefused(transport, REQUESTS)).toBe('never');
});

test('§6.2 who waits for the token of a verification that has spent its budget fetches one', async () => {
  const spent = new VerificationBudget();
  spent.takeBytes(REGISTRY_LIMITS.verificationBytes);
  const tokens: HttpRequest[] = [];
  const transport: HttpTransport = {
    request: async (request) => {
      if (request.purpose !== 'token') return challengeOrNothing(request);
      tokens.push(request);
      // Both have been challenged by then, and wait for the same token.
      await new Promise((resolve) => setImmediate(resolve));
      request.onBytes?.(1);
      return answerOf(200, new Map(), '{"token":"a","expires_in":300}');
    },
    close: () => Promise.resolve(),
  };
  const client = new RegistryClient({ transport, random: () => 0 });
  const ask = async (budget: VerificationBudget): Promise<unknown> =>
    await client
      .within(budget)
      .manifest({ host: 'ghcr.io', path: 'a', reference: 'v1' }, AbortSignal.timeout(5_000))
      .catch((error: { reason: string }) => error.reason);
  expect(await Promise.all([spent, new VerificationBudget(), new VerificationBudget()].map(ask))).toEqual([
    'too-large',
    'not-found',
    'not-found',
  ]);
  expect(tokens).toHaveLength(2);
});

function challengeOrNothing({ headers }: HttpRequest): HttpAnswer {
  const challenge = new Map([['www-authenticate', 'Bearer realm="https://ghcr.io/token"']]);
  return headers['authorization'] === undefined ? answerOf(401, challenge) : answerOf(404, new Map());
}

function answerOf(status: number, headers: ReadonlyMap<string, string>, body = ''): HttpAnswer {
  return { status, headers, body: Buffer.from(body), network: 'public' };
}
