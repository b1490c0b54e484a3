// Over 200 lines: the contract of the port is one table that each implementation runs whole.
// A contract is one function that declares its tests, as long as they are many.
/* oxlint-disable max-lines, max-lines-per-function */
import { describe, expect, test } from 'vitest';

import type { Verdict, VerificationRequest } from '#contracts';

import type { VerifierAnswer, VerifyHandler } from './answer.js';
import { BusDownError, BusSilentError } from './error.js';
import type { HedgeSettings } from './hedge-pace.js';
import type { BusEvent } from './observer.js';
import type { BusQuestion, VerificationBus } from './verification-bus.js';

/** What an implementation must be able to set up for the contract: a bus whose verifiers run `handler`. */
export type MakeBus = (options: {
  readonly handler: VerifyHandler;
  readonly hedge: Partial<HedgeSettings>;
  readonly maxInFlight?: number;
  readonly onEvent: (event: BusEvent) => void;
}) => Promise<{ readonly bus: VerificationBus; readonly stop: () => Promise<void> }>;

const DIGEST = `sha256:${'a'.repeat(64)}`;
const RULE = 'b'.repeat(64);
const REVISION = 'c'.repeat(64);
const NEVER = new AbortController().signal;

export const admitted: Verdict = {
  outcome: 'admitted',
  ground: 'verified',
  digest: DIGEST,
  evidence: [],
  tookMs: 1,
};
export const refused: Verdict = {
  outcome: 'refused',
  code: 'CNS-1003',
  message: 'has no signature',
  evidence: [],
  tookMs: 1,
};

export function undecided(code = 'CNS-2004'): Verdict {
  return { outcome: 'undecided', code, message: 'could not look', evidence: [], tookMs: 1 };
}

export function questionOf(image: string): BusQuestion {
  return { image, rule: RULE, revision: REVISION };
}

export function says(verdict: Verdict): VerifierAnswer {
  return { kind: 'verdict', verdict };
}

/** Declares the tests that every {@link VerificationBus} passes. */
export function verificationBusContract(name: string, make: MakeBus): void {
  async function withBus(
    options: { handler: VerifyHandler; hedge?: Partial<HedgeSettings>; maxInFlight?: number },
    use: (bus: VerificationBus, events: BusEvent[], requests: VerificationRequest[]) => Promise<void>,
  ): Promise<void> {
    const events: BusEvent[] = [];
    const requests: VerificationRequest[] = [];
    const { bus, stop } = await make({
      ...options,
      hedge: options.hedge ?? { startMs: 5000 },
      onEvent: (event) => events.push(event),
      handler: (request, signal) => {
        requests.push(request);
        return options.handler(request, signal);
      },
    });
    try {
      await use(bus, events, requests);
    } finally {
      await stop();
    }
  }

  describe(`${name} keeps the contract of VerificationBus`, () => {
    test.for([
      { name: 'an admission', answer: says(admitted), expected: { kind: 'verdict', verdict: admitted } },
      { name: 'a refusal', answer: says(refused), expected: { kind: 'verdict', verdict: refused } },
      {
        name: 'another configuration',
        answer: { kind: 'cannot', reason: 'revision' } as const,
        expected: { kind: 'cannot', reason: 'revision' },
      },
    ])('$name arrives, bound to its question', async ({ answer, expected }) => {
      await withBus({ handler: () => Promise.resolve(answer) }, async (bus, _events, requests) => {
        const reply = await bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
        expect(reply).toMatchObject({ ...expected, ...questionOf('docker.io/library/a:1') });
        expect(reply.nonce).toBe(requests[0]?.nonce);
        expect(requests).toHaveLength(1);
        expect(requests[0]).toMatchObject({ attempt: 0, image: 'docker.io/library/a:1' });
        expect(requests[0]?.budgetMs).toBeLessThanOrEqual(8000);
      });
    });

    test('H04 questions of one tick get their own answers', async () => {
      const handler: VerifyHandler = (request) =>
        Promise.resolve(says(/[02468]:/.test(request.image) ? admitted : refused));
      await withBus({ handler }, async (bus) => {
        const images = Array.from({ length: 40 }, (_, index) => `docker.io/library/a${index}:1`);
        const replies = await Promise.all(images.map((image) => bus.ask(questionOf(image), 8000, NEVER)));
        const outcomes = replies.map((reply) =>
          reply.kind === 'verdict' ? reply.verdict.outcome : reply.kind,
        );
        expect(replies.map(({ image }) => image)).toEqual(images);
        expect(new Set(replies.map(({ nonce }) => nonce)).size).toBe(40);
        expect(outcomes).toEqual(images.map((_, index) => (index % 2 === 0 ? 'admitted' : 'refused')));
      });
    });

    test('an undecided verdict is not final while a hedge may do better', async () => {
      const handler: VerifyHandler = ({ attempt }) =>
        Promise.resolve(says(attempt === 0 ? undecided() : admitted));
      await withBus({ handler }, async (bus, events, requests) => {
        const reply = await bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
        expect(reply).toMatchObject({ kind: 'verdict', verdict: admitted });
        expect(requests.map(({ attempt }) => attempt)).toEqual([0, 1]);
        expect(new Set(requests.map(({ nonce }) => nonce)).size).toBe(1);
        expect(events).toContainEqual({ kind: 'hedged', attempt: 1, cause: 'undecided' });
      });
    });

    test('the last undecided verdict is the answer when nobody did better', async () => {
      await withBus({ handler: () => Promise.resolve(says(undecided())) }, async (bus, _events, requests) => {
        const reply = await bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
        expect(reply).toMatchObject({ kind: 'verdict', verdict: { outcome: 'undecided', code: 'CNS-2004' } });
        expect(requests.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
      });
    });

    test('a rate limit is not asked about again', async () => {
      await withBus(
        { handler: () => Promise.resolve(says(undecided('CNS-2005'))) },
        async (bus, _events, requests) => {
          const reply = await bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
          expect(reply).toMatchObject({ verdict: { code: 'CNS-2005' } });
          expect(requests).toHaveLength(1);
        },
      );
    });

    test('an undecided verdict that came is the answer when the rest stays silent until the share ends', async () => {
      const handler: VerifyHandler = ({ attempt }) =>
        attempt === 0 ? Promise.resolve(says(undecided())) : untilAborted();
      await withBus({ handler }, async (bus) => {
        const begun = performance.now();
        const reply = await bus.ask(questionOf('docker.io/library/a:1'), 600, NEVER);
        expect(reply).toMatchObject({ verdict: { outcome: 'undecided' } });
        expect(performance.now() - begun).toBeLessThan(560);
      });
    });

    test('a handler that throws is an undecided verdict without its text', async () => {
      const handler: VerifyHandler = () => Promise.reject(new Error('password is hunter2'));
      await withBus({ handler, hedge: { most: 0 } }, async (bus, events) => {
        const reply = await bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
        expect(reply).toMatchObject({ verdict: { outcome: 'undecided', code: 'CNS-3004' } });
        expect(JSON.stringify(reply)).not.toContain('hunter2');
        expect(events.some(({ kind }) => kind === 'handler-failed')).toBe(true);
      });
    });

    test('silence ends at the bus’ share of the budget', async () => {
      await withBus({ handler: untilAborted }, async (bus) => {
        const begun = performance.now();
        const asked = bus.ask(questionOf('docker.io/library/a:1'), 600, NEVER);
        await expect(asked).rejects.toMatchObject({ name: 'BusSilentError', code: 'no-answer' });
        expect(performance.now() - begun).toBeGreaterThanOrEqual(295);
        expect(performance.now() - begun).toBeLessThan(560);
        expect(bus.health().inFlight).toBe(0);
      });
    });

    test('a slow question is asked again, at most twice, with the same nonce', async () => {
      const hedge = { startMs: 60, floorMs: 50 };
      const handler: VerifyHandler = ({ attempt }) =>
        attempt < 2 ? untilAborted() : Promise.resolve(says(admitted));
      await withBus({ handler, hedge }, async (bus, events) => {
        const reply = await bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
        expect(reply).toMatchObject({ verdict: admitted });
        expect(events.filter(({ kind }) => kind === 'hedged')).toEqual([
          { kind: 'hedged', attempt: 1, cause: 'slow' },
          { kind: 'hedged', attempt: 2, cause: 'slow' },
        ]);
      });
    });

    test('an aborted question ends at once, with the signal’s reason', async () => {
      await withBus({ handler: untilAborted }, async (bus) => {
        const abort = new AbortController();
        const asked = bus.ask(questionOf('docker.io/library/a:1'), 8000, abort.signal);
        abort.abort(new Error('deadline'));
        await expect(asked).rejects.toThrow('deadline');
        await expect(bus.ask(questionOf('docker.io/library/a:1'), 8000, abort.signal)).rejects.toThrow(
          'deadline',
        );
        expect(bus.health().inFlight).toBe(0);
      });
    });

    test('beyond the bound of open questions the bus says so at once', async () => {
      await withBus({ handler: untilAborted, maxInFlight: 2 }, async (bus) => {
        const open = [1, 2].map((n) => bus.ask(questionOf(`docker.io/library/a:${n}`), 600, NEVER));
        const third = bus.ask(questionOf('docker.io/library/a:3'), 600, NEVER);
        await expect(third).rejects.toMatchObject({ name: 'BusSilentError', code: 'full' });
        const ends = await Promise.allSettled(open);
        expect(ends.map((end) => end.status === 'rejected' && end.reason instanceof BusSilentError)).toEqual([
          true,
          true,
        ]);
      });
    });

    test('closing ends open questions, and there are no new ones', async () => {
      await withBus({ handler: untilAborted }, async (bus) => {
        const open = bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
        const failed = expect(open).rejects.toBeInstanceOf(BusDownError);
        await bus.close();
        await failed;
        const after = bus.ask(questionOf('docker.io/library/a:2'), 8000, NEVER);
        await expect(after).rejects.toMatchObject({ name: 'BusDownError', code: 'closed' });
        expect(bus.health()).toMatchObject({ state: 'closed', inFlight: 0 });
      });
    });

    test('nothing is quarantined by itself', async () => {
      await withBus({ handler: () => Promise.resolve(says(refused)) }, async (bus) => {
        await bus.ask(questionOf('docker.io/library/a:1'), 8000, NEVER);
        expect(bus.isQuarantined(questionOf('docker.io/library/a:1'))).toBe(false);
      });
    });
  });
}

/** A verifier that is stuck. */
export function untilAborted(): Promise<VerifierAnswer> {
  return new Promise(() => undefined);
}
