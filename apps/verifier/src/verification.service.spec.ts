import { expect, test } from 'vitest';

import { InMemorySharedVerdicts } from '#bus';
import { loadConfiguration } from '#config';
import type { Verdict, VerificationRequest } from '#contracts';
import { type ImageReference, parseDigest } from '#image-ref';
import { type CheckContext, type Proof, RefusedError, Validator } from '#validator';
import { SharedProofs, VerificationEngine } from '#verification';

import { VerificationService } from './verification.service.js';

const DIGEST = parseDigest(`sha256:${'1'.repeat(64)}`);
const NOW = 1_700_000_000_000;
type Check = (image: ImageReference, context: CheckContext) => Promise<Proof>;

class Team extends Validator {
  override readonly name = 'team';
  override readonly type = 'static';
  readonly #check: Check;
  readonly #ground: 'verified' | 'static';

  constructor(check: Check, ground: 'verified' | 'static') {
    super();
    this.#check = check;
    this.#ground = ground;
  }

  override bind() {
    return { ground: this.#ground, readsTag: false, check: this.#check };
  }
}

function configurationOf(features: string) {
  const text = `validators: [{ name: team, type: static, approve: true }]
policy: [{ pattern: "*:*", validator: team }]
features: ${features}
`;
  return loadConfiguration({ file: { name: 'config.yaml', text } });
}

interface Options {
  readonly features?: string;
  readonly scopes?: string[];
  readonly store?: InMemorySharedVerdicts;
  readonly ground?: 'verified' | 'static';
}

function world(check: Check, { features = '{}', scopes = [], store, ground = 'verified' }: Options = {}) {
  const shared = store ?? new InMemorySharedVerdicts({ now: () => NOW });
  const engine = new VerificationEngine(
    configurationOf(features),
    { validators: new Map([['team', new Team(check, ground)]]), credentialScopes: scopes },
    { clock: () => new Date(), onFault: () => undefined },
  );
  const [told, undecided]: [string[], string[]] = [[], []];
  const service = new VerificationService({
    engine: () => engine,
    shared: new SharedProofs({ now: () => NOW, open: () => shared }),
    observer: {
      onVerdict: ({ outcome }, { name }, cached) => told.push(`${name} ${outcome} ${String(cached)}`),
      onUndecided: ({ code }, host) => undecided.push(`${host} ${code}`),
    },
    now: () => NOW,
  });
  const request: VerificationRequest = {
    v: 1,
    cluster: 'c',
    nonce: '0'.repeat(32),
    gateway: 'g',
    image: 'ghcr.io/acme/api:1',
    rule: engine.configuration.policy[0]?.hash ?? '',
    revision: engine.configuration.trustRevision,
    budgetMs: 1_000,
    attempt: 0,
  };
  const verify = async (
    changes: Partial<VerificationRequest> = {},
    signal = AbortSignal.timeout(1_000),
  ): Promise<Verdict | 'cannot'> => {
    const answer = await service.verify({ ...request, ...changes }, signal);
    return answer.kind === 'cannot' ? 'cannot' : answer.verdict;
  };
  return { verify, told, undecided, shared };
}

const admits: Check = async () => ({ digest: DIGEST });

test('one request, one verdict, told once', async () => {
  const { verify, told } = world(admits);
  expect(await verify()).toMatchObject({ outcome: 'admitted', digest: DIGEST });
  expect(told).toEqual(['team admitted false']);
});

test.for([
  { name: 'D4 a rule that this verifier does not have', changes: { rule: 'f'.repeat(64) } },
  { name: 'D8 another trust revision', changes: { revision: 'f'.repeat(64) } },
])('$name is said at once', async ({ changes }) => {
  const { verify, told } = world(admits);
  expect(await verify(changes)).toBe('cannot');
  expect(told).toEqual([]);
});

test('what one verifier proved, another does not look at again', async () => {
  const first = world(admits);
  await first.verify();
  const second = world(async () => await Promise.reject(new Error('not asked')), { store: first.shared });
  expect(await second.verify()).toMatchObject({ outcome: 'admitted', notAfter: NOW + 30_000 });
  expect(second.told).toEqual(['team admitted true']);
});

test.for<{ name: string; options: Options }>([
  { name: 'H05 with other credentials', options: { scopes: ['team=x'] } },
  { name: 'H09 with the tag cache off', options: { features: '{ cache: { expirySeconds: 0 } }' } },
])('$name it does look', async ({ options }) => {
  const first = world(admits);
  await first.verify();
  let asked = 0;
  const counting: Check = async () => {
    asked += 1;
    return { digest: DIGEST };
  };
  await world(counting, { ...options, store: first.shared }).verify();
  expect(asked).toBe(1);
});

test.for<{ name: string; check: Check; options?: Options; abort?: boolean }>([
  { name: 'H08 a refusal', check: async () => await Promise.reject(new RefusedError('CNS-1003', 'm')) },
  { name: 'undecided', check: async () => await Promise.reject(new Error('ours')) },
  { name: 'a static yes', check: admits, options: { ground: 'static' } },
  { name: 'J04 a proof that came after the deadline', check: admits, abort: true },
])('$name is not shared', async ({ check, options, abort = false }) => {
  const control = new AbortController();
  const all = world(async (image, context) => {
    if (abort) control.abort(new DOMException('over', 'TimeoutError'));
    return await check(image, context);
  }, options);
  await all.verify({}, control.signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(all.shared.stats().stored).toBe(0);
});

test('a request that names no image is our fault, and no verdict', async () => {
  const { verify } = world(admits);
  await expect(verify({ image: 'not a reference' })).rejects.toMatchObject({ code: 'CNS-1010' });
});

test('equal questions of several gateways are looked at once', async () => {
  const { promise: go, resolve: letGo } = Promise.withResolvers<undefined>();
  let looks = 0;
  const { verify, told } = world(async () => {
    looks += 1;
    await go;
    return { digest: DIGEST };
  });
  const answers = ['a', 'b', 'c'].map((gateway) => verify({ gateway, nonce: gateway.repeat(32) }));
  await new Promise((resolve) => setImmediate(resolve));
  letGo(undefined);
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ outcome: 'admitted' });
  expect([looks, told]).toEqual([1, ['team admitted false', 'team admitted true', 'team admitted true']]);
});

test('another image, at the same time, is another look', async () => {
  let looks = 0;
  const { verify } = world(async () => {
    looks += 1;
    return await Promise.resolve({ digest: DIGEST });
  });
  await Promise.all([verify(), verify({ image: 'ghcr.io/acme/api:2' })]);
  expect(looks).toBe(2);
});

test('whoever joined a look whose asker had no more time looks too', async () => {
  const first = new AbortController();
  const admit = Promise.withResolvers<undefined>();
  let looks = 0;
  const { verify, undecided } = world(async (_image, { signal }) => {
    looks += 1;
    if (looks > 1) await admit.promise;
    else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))));
    return { digest: DIGEST };
  });
  const answers = [verify({}, first.signal), verify({ gateway: 'h' })];
  await new Promise((resolve) => setImmediate(resolve));
  first.abort(new DOMException('over', 'TimeoutError'));
  admit.resolve(undefined);
  expect(await Promise.all(answers)).toMatchObject([
    { outcome: 'undecided', code: 'CNS-2006' },
    { outcome: 'admitted' },
  ]);
  expect([looks, undecided]).toEqual([2, ['ghcr.io CNS-2006']]);
});
