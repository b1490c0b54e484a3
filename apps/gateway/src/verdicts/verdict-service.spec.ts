// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import {
  BusDownError,
  type BusHealth,
  BusSilentError,
  InMemorySharedVerdicts,
  InMemoryVerificationBus,
  type BusQuestion,
  VerificationBus,
  type VerifierAnswer,
} from '#bus';
import type { Verdict, VerificationReply } from '#contracts';
import { parseImageReference } from '#image-ref';
import { PullCredential } from '#registry';
import { type Question, questionKey, scopedTrustRevision, SharedProofs } from '#verification';

import { revisionOf } from '../../test/world.js';
import { Deadline } from '../deadline.js';
import { LocalVerification } from './local-verification.js';
import { VerdictService, type VerdictServiceOptions } from './verdict-service.js';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const PROOF: Verdict = { outcome: 'admitted', ground: 'verified', digest: DIGEST, evidence: [], tookMs: 1 };
const REFUSED: Verdict = { outcome: 'refused', code: 'CNS-1003', message: 'm', evidence: [], tookMs: 1 };
const undecided = (code: string): Verdict => ({
  outcome: 'undecided',
  code,
  message: 'm',
  evidence: [],
  tookMs: 1,
});
const POLICY = { expirySeconds: 30, cacheErrors: true };
const TAG = 'registry.example.org/demo/app:v1';
const PIN = `registry.example.org/demo/app@${DIGEST}`;

const governed = revisionOf(async () => await Promise.reject(new Error('not asked'))).govern(TAG, 'shop');
if (governed.kind !== 'governed') throw new Error('no rule');
const { bound, question: QUESTION } = governed;
const ask = (image: string): Question => ({ ...QUESTION, image: parseImageReference(image) });

/** What the bus does in a test. */
type OnBus = (
  question: BusQuestion,
  signal: AbortSignal,
) => Promise<Verdict | 'revision' | 'protocol' | 'quarantined'>;

class FakeBus extends VerificationBus {
  readonly asked: { image: string; budgetMs: number }[] = [];
  isBlocked = false;
  readonly #on: OnBus;

  constructor(on: OnBus) {
    super();
    this.#on = on;
  }

  override async ask(
    question: BusQuestion,
    budgetMs: number,
    signal: AbortSignal,
  ): Promise<VerificationReply> {
    this.asked.push({ image: question.image, budgetMs });
    const answer = await this.#on(question, signal);
    const common = { v: 1, cluster: 'c', nonce: '0'.repeat(32), ...question, verifier: 'v' };
    return typeof answer === 'string'
      ? { kind: 'cannot', ...common, reason: answer }
      : { kind: 'verdict', ...common, verdict: answer };
  }

  override isQuarantined(): boolean {
    return this.isBlocked;
  }

  override health(): BusHealth {
    return { state: 'up', reason: undefined, verifiers: 1, inFlight: 0, p95Ms: undefined };
  }

  override async close(): Promise<void> {
    // Nothing is open.
  }
}

class FakeLocal extends LocalVerification {
  asked = 0;
  readonly #verdict: () => Promise<Verdict>;

  constructor(verdict: () => Promise<Verdict>) {
    super();
    this.#verdict = verdict;
  }

  override async verify(): Promise<Verdict> {
    this.asked += 1;
    return await this.#verdict();
  }

  override renew(): void {
    // Nothing to renew.
  }

  override async close(): Promise<void> {
    // Nothing is open.
  }
}

function world(
  on: OnBus,
  { own = PROOF, ...options }: Partial<VerdictServiceOptions> & { own?: Verdict } = {},
) {
  const bus = new FakeBus(on);
  const local = new FakeLocal(async () => own);
  const events: string[] = [];
  const clock = { now: 1_700_000_000_000 };
  const service = new VerdictService({
    bus,
    local,
    now: () => clock.now,
    observer: {
      onCache: (result) => events.push(result),
      onFallback: (reason) => events.push(reason),
      onFault: () => events.push('fault'),
    },
    ...options,
  });
  const verdict = async (image = TAG, timeoutMs = 10_000): Promise<string> => {
    const deadline = new Deadline(timeoutMs);
    const served = await service.verdict(ask(image), bound, POLICY, deadline);
    deadline.release();
    return 'code' in served.verdict ? served.verdict.code : 'admitted';
  };
  return { service, bus, local, events, clock, verdict };
}

describe('the bus and ourselves', () => {
  test.for<{ name: string; on: OnBus; own?: Verdict; code: string; events: string[]; looked: number }>([
    {
      name: 'a verifier’s proof is the answer',
      on: async () => PROOF,
      code: 'admitted',
      events: [],
      looked: 0,
    },
    {
      name: 'a verifier’s refusal is final',
      on: async () => REFUSED,
      code: 'CNS-1003',
      events: [],
      looked: 0,
    },
    {
      name: 'a rate limit is not made worse',
      on: async () => undecided('CNS-2005'),
      code: 'CNS-2005',
      events: [],
      looked: 0,
    },
    {
      name: 'a crashing image is not tried here',
      on: async () => undecided('CNS-2008'),
      code: 'CNS-2008',
      events: [],
      looked: 0,
    },
    {
      name: 'a verifier without network: we look',
      on: async () => undecided('CNS-2004'),
      code: 'admitted',
      events: ['undecided'],
      looked: 1,
    },
    {
      name: 'a verifier without a secret: we look',
      on: async () => undecided('CNS-3001'),
      code: 'admitted',
      events: ['undecided'],
      looked: 1,
    },
    {
      name: 'both could not look: the verifier’s words',
      on: async () => undecided('CNS-2003'),
      own: undecided('CNS-2004'),
      code: 'CNS-2003',
      events: ['undecided'],
      looked: 1,
    },
    {
      name: 'F05 the bus is down',
      on: async () => await Promise.reject(new BusDownError('unreachable', 'm')),
      code: 'admitted',
      events: ['down'],
      looked: 1,
    },
    {
      name: 'the bus is silent',
      on: async () => await Promise.reject(new BusSilentError('no-answer', 'm')),
      code: 'admitted',
      events: ['silent'],
      looked: 1,
    },
    {
      name: 'D8 a verifier with another revision',
      on: async () => 'revision',
      code: 'admitted',
      events: ['revision'],
      looked: 1,
    },
    {
      name: 'D4 a verifier with another protocol',
      on: async () => 'protocol',
      code: 'admitted',
      events: ['revision'],
      looked: 1,
    },
    {
      name: 'quarantined on the bus: nobody tries',
      on: async () => 'quarantined',
      code: 'CNS-2008',
      events: [],
      looked: 0,
    },
    {
      name: 'D5 a bus with a fault of its own costs latency',
      on: async () => await Promise.reject(new TypeError('ours')),
      code: 'admitted',
      events: ['fault', 'down'],
      looked: 1,
    },
    {
      name: 'nobody can look',
      on: async () => await Promise.reject(new BusDownError('unreachable', 'm')),
      own: undecided('CNS-2004'),
      code: 'CNS-2004',
      events: ['down'],
      looked: 1,
    },
  ])('$name', async ({ on, own, code, events, looked }) => {
    const all = world(on, own === undefined ? {} : { own });
    expect(await all.verdict()).toBe(code);
    expect([all.events, all.local.asked]).toEqual([events, looked]);
  });

  test.for([
    { name: 'silent', error: new BusSilentError('no-answer', 'm') },
    { name: 'down', error: new BusDownError('unreachable', 'm') },
  ])('F22 a quarantined image is not tried here while the bus is $name', async ({ error }) => {
    const all = world(async () => await Promise.reject(error));
    all.bus.isBlocked = true;
    expect(await all.verdict()).toBe('CNS-2008');
    expect(all.local.asked).toBe(0);
  });

  test('the bus gets what is left of the deadline and takes its own share of it', async () => {
    const all = world(async () => PROOF);
    await all.verdict(TAG, 10_000);
    expect(all.bus.asked[0]?.budgetMs).toBeGreaterThan(9_000);
    expect(all.bus.asked[0]?.budgetMs).toBeLessThanOrEqual(9_500);
  });

  test('a real bus in memory: silence ends at half of what is left', async () => {
    const handler = async (): Promise<VerifierAnswer> => await new Promise(() => undefined);
    const bus = new InMemoryVerificationBus({ handler });
    const all = world(async () => PROOF, { bus });
    const started = performance.now();
    expect(await all.verdict(TAG, 1_000)).toBe('admitted');
    expect(performance.now() - started).toBeGreaterThan(300);
    expect(performance.now() - started).toBeLessThan(690);
    expect(all.events).toEqual(['silent']);
    await bus.close();
  });

  test('without a bus we look ourselves', async () => {
    const all = world(async () => PROOF, { bus: undefined });
    expect(await all.verdict()).toBe('admitted');
    expect(all.local.asked).toBe(1);
  });
});

describe('memory', () => {
  test('a proof is found again, also under the digest that /mutate writes; a miss is counted once', async () => {
    const all = world(async () => PROOF);
    expect(all.service.cached(questionKey(ask(TAG), false))).toBeUndefined();
    await all.verdict();
    expect(all.service.cached(questionKey(ask(TAG), false))).toEqual(PROOF);
    expect(all.service.cached(questionKey(ask(PIN), false))).toEqual(PROOF);
    expect(all.events).toEqual(['miss', 'hit', 'hit']);
  });

  test('H08 undecided is asked again each time', async () => {
    const all = world(async () => undecided('CNS-2005'));
    await all.verdict();
    await all.verdict();
    expect(all.bus.asked).toHaveLength(2);
  });

  test('H09 a proof is as old as the look, not as its answer', async () => {
    const all = world(async () => {
      all.clock.now += 20_000;
      return PROOF;
    });
    await all.verdict();
    all.clock.now += 9_999;
    expect(all.service.cached(questionKey(ask(TAG), false))).toBeDefined();
    all.clock.now += 1;
    expect(all.service.cached(questionKey(ask(TAG), false))).toBeUndefined();
  });

  test('H11 what was under way when everything was forgotten is not remembered', async () => {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const all = world(async () => await promise);
    const pending = all.verdict();
    all.service.clear();
    resolve(PROOF);
    expect(await pending).toBe('admitted');
    expect(all.service.cached(questionKey(ask(TAG), false))).toBeUndefined();
  });

  test('J04 what comes after the flight’s end is not remembered', async () => {
    const all = world(
      async () => {
        await sleep(60);
        return PROOF;
      },
      { flightBudgetMs: 20 },
    );
    await all.verdict();
    expect(all.service.cached(questionKey(ask(TAG), false))).toBeUndefined();
  });
});

describe('flights', () => {
  test('F31 equal questions are one, and one of them brings the evidence', async () => {
    const all = world(async () => {
      await sleep(10);
      return PROOF;
    });
    const deadline = new Deadline(10_000);
    const served = await Promise.all(
      Array.from({ length: 50 }, async () => await all.service.verdict(ask(TAG), bound, POLICY, deadline)),
    );
    deadline.release();
    expect(all.bus.asked).toHaveLength(1);
    expect(served.filter(({ fresh }) => fresh)).toHaveLength(1);
  });

  test('I8 who has no time left gets an answer; the flight goes on and the next one finds it', async () => {
    const all = world(async () => {
      await sleep(80);
      return PROOF;
    });
    expect(await all.verdict(TAG, 330)).toBe('CNS-2006');
    await sleep(100);
    expect(all.service.cached(questionKey(ask(TAG), false))).toEqual(PROOF);
    expect(all.bus.asked).toHaveLength(1);
  });

  test('H05 another rule or trust is another flight', async () => {
    const all = world(async () => {
      await sleep(10);
      return PROOF;
    });
    const deadline = new Deadline(10_000);
    await Promise.all(
      ['t1', 't2'].map(
        async (trustRevision) =>
          await all.service.verdict({ ...ask(TAG), trustRevision }, bound, POLICY, deadline),
      ),
    );
    deadline.release();
    expect(all.bus.asked).toHaveLength(2);
  });
});

describe('what verifiers share', () => {
  function shared(now: () => number): { store: InMemorySharedVerdicts; proofs: SharedProofs } {
    const store = new InMemorySharedVerdicts({ now });
    return { store, proofs: new SharedProofs({ now, open: () => store }) };
  }

  test('is used before we look ourselves, and never past its end', async () => {
    const now = { value: 1_700_000_000_000 };
    const { store, proofs } = shared(() => now.value);
    await store.put(questionKey(ask(TAG), false), PROOF, 5_000);
    const silent: OnBus = async () => await Promise.reject(new BusSilentError('no-answer', 'm'));
    const all = world(silent, { shared: proofs, now: () => now.value, own: REFUSED });
    expect(await all.verdict()).toBe('admitted');
    expect(all.local.asked).toBe(0);
    now.value += 4_999;
    expect(all.service.cached(questionKey(ask(TAG), false))).toBeDefined();
    now.value += 1;
    expect(all.service.cached(questionKey(ask(TAG), false))).toBeUndefined();
    expect(await all.verdict()).toBe('CNS-1003');
  });

  test('H11 is not used for another trust revision', async () => {
    const { store, proofs } = shared(() => 1_700_000_000_000);
    await store.put(questionKey({ ...ask(TAG), trustRevision: 'old' }, false), PROOF, 5_000);
    const all = world(async () => await Promise.reject(new BusSilentError('no-answer', 'm')), {
      shared: proofs,
      own: REFUSED,
    });
    expect(await all.verdict()).toBe('CNS-1003');
  });
});

describe('a question with a credential of the object', () => {
  const pull = new PullCredential('s', 'scope', {
    key: 'registry.example.org',
    username: 'u',
    password: 'p',
  });
  const trustRevision = scopedTrustRevision(QUESTION.trustRevision, pull.scopeId);
  const scoped: Question = { ...ask(TAG), trustRevision, pull };

  test.for([
    { name: 'H05 is never on the bus, and its verdict answers nobody else', isBlocked: false, looked: 1 },
    { name: 'is not looked at either where it killed verifiers', isBlocked: true, looked: 0 },
  ])('$name', async ({ isBlocked, looked }) => {
    const { service, bus, local, clock } = world(async () => await Promise.reject(new Error('not asked')));
    bus.isBlocked = isBlocked;
    const deadline = new Deadline(10_000);
    const { verdict } = await service.verdict(scoped, bound, POLICY, deadline);
    deadline.release();
    expect(verdict).toMatchObject(isBlocked ? { code: 'CNS-2008' } : { outcome: 'admitted' });
    expect([bus.asked.length, local.asked]).toEqual([0, looked]);
    clock.now += 1;
    expect(service.isCached(questionKey(scoped, false))).toBe(!isBlocked);
    expect(service.isCached(questionKey(ask(TAG), false))).toBe(false);
  });
});
