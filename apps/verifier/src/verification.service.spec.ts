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
  const told: string[] = [];
  const service = new VerificationService({
    engine: () => engine,
    shared: new SharedProofs({ now: () => NOW, open: () => shared }),
    observer: {
      onVerdict: ({ outcome }, { name }, cached) => told.push(`${name} ${outcome} ${String(cached)}`),
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
  return { verify, told, shared };
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
