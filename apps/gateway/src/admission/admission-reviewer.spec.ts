// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { applyPatch } from 'fast-json-patch';
import { describe, expect, test } from 'vitest';

import { type DecisionLog, InMemoryDecisions, InMemoryVerificationBus } from '#bus';
import { DecisionRecord, type Phase } from '#contracts';
import { parseDigest, parseImageReference } from '#image-ref';
import { RefusedError, UndecidedError } from '#validator';

import { type ConfigurationParts, revisionOf } from '../../test/world.js';
import type { Revision } from '../revision.js';
import { DirectVerification } from '../verdicts/local-verification.js';
import { VerdictService } from '../verdicts/verdict-service.js';
import type { ReviewAnswer } from '../webhook/webhook-server.js';
import { AdmissionReviewer } from './admission-reviewer.js';
import type { ReviewerOptions } from './reviewer-options.js';
import { ImageJudge } from './image-judge.js';
import { type ExaminerOptions, ObjectExaminer } from './object-examiner.js';

const REVIEWS = new URL('../../../../test/data/reviews/', import.meta.url);
const FILES = readdirSync(REVIEWS).filter((name) => name.endsWith('.json'));
const DIGEST = parseDigest(`sha256:${'1'.repeat(64)}`);
const IMAGELESS = 'pod-resize-update-container-without-image.json';
const CREATE = 'pod-create-server-side-apply.json';
const IMAGE = 'registry.example.org/demo/app:v1';

type Check = Parameters<typeof revisionOf>[0];
const admits: Check = async (image) => ({ digest: image.digest ?? DIGEST });
const refuses: Check = async () => await Promise.reject(new RefusedError('CNS-1003', 'none'));
const cannotLook: Check = async () => await Promise.reject(new UndecidedError('CNS-2004', 'down'));

interface Answer {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Record<string, string>;
}

/** A whole gateway but for its wires: reviewer, judge, verdict service, a bus and a decision stream in memory. */
function world(check: Check, parts: ConfigurationParts & { options?: Partial<ReviewerOptions> } = {}) {
  const state = { revision: revisionOf(check, parts) };
  const decisions = new InMemoryDecisions();
  const faults: unknown[] = [];
  const observed: DecisionRecord[] = [];
  const delivered: DecisionRecord[] = [];
  const engine = (): Revision['engine'] => state.revision.engine;
  const bus = new InMemoryVerificationBus({
    handler: async (request, signal) => {
      const bound = engine().rule(request.rule);
      if (bound === undefined) return { kind: 'cannot', reason: 'revision' };
      return {
        kind: 'verdict',
        verdict: await engine().verify(parseImageReference(request.image), bound, signal),
      };
    },
  });
  const observer = {
    onCache: () => undefined,
    onFallback: () => undefined,
    onFault: (e: unknown) => faults.push(e),
  };
  const local = new DirectVerification(engine);
  const reviewer = new AdmissionReviewer({
    revision: () => state.revision,
    examiner: new ObjectExaminer({
      judge: new ImageJudge(new VerdictService({ bus, local, observer, now: Date.now })),
    }),
    decisions: decisions.log,
    mandatoryAlerts: {
      deliver: async (_alerting, record) => {
        delivered.push(record);
        return [];
      },
    },
    recordedBy: { cluster: 'c', gateway: 'g', now: Date.now },
    observe: (record) => observed.push(record),
    onFault: (error) => faults.push(error),
    ...parts.options,
  });
  const send = async (body: string, phase: Phase = 'mutate', timeoutMs = 10_000): Promise<ReviewAnswer> =>
    await reviewer.review(Buffer.from(body), { phase, timeoutMs, receivedAt: performance.now() });
  const review = async (body: string, phase: Phase = 'mutate', timeoutMs = 10_000): Promise<Answer> => {
    const answer = await send(body, phase, timeoutMs);
    expect(answer.status).toBe(200);
    return (JSON.parse(answer.body) as { response: Answer }).response;
  };
  const recorded = async (): Promise<DecisionRecord[]> =>
    (await decisions.source.history({ limit: 500 }, AbortSignal.timeout(1_000))).decisions.map(
      ({ record }) => record,
    );
  return { state, send, review, recorded, faults, observed, delivered };
}

function bodyOf(name: string, change: (review: Record<string, unknown>) => void = () => undefined): string {
  const value = JSON.parse(readFileSync(new URL(name, REVIEWS), 'utf8')) as Record<string, unknown>;
  change(value['request'] as Record<string, unknown>);
  return JSON.stringify(value);
}

/** A Pod that is created with these images. */
function podOf(images: readonly string[], more: Record<string, unknown> = {}): string {
  return bodyOf('pod-create-generatename.json', (request) => {
    request['object'] = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'x' },
      spec: { containers: images.map((image, n) => ({ name: `c${n}`, image })) },
    };
    Object.assign(request, more);
  });
}

function patchOf({ patch }: Answer): { op: 'test' | 'replace'; path: string; value: string }[] {
  return patch === undefined ? [] : JSON.parse(Buffer.from(patch, 'base64').toString());
}

describe('I1 I3: every captured review', () => {
  test('there are all of them', () => expect(FILES).toHaveLength(32));

  test('K: a container that is added without an image is denied, whoever signs', async () => {
    const { review } = world(admits);
    const answer = await review(bodyOf(IMAGELESS));
    expect(answer.allowed).toBe(false);
    expect(answer.status?.message).toContain('CNS-1010');
  });

  test.for(FILES.filter((file) => file !== IMAGELESS))(
    '%s: admitted with every image pinned or unchanged, and /validate admits what was written',
    async (file) => {
      const { review, recorded, faults } = world(admits);
      const body = bodyOf(file);
      const answer = await review(body);
      expect(answer.allowed).toBe(true);
      const written = JSON.parse(body) as { request: { object: object } };
      applyPatch(written.request.object, patchOf(answer));
      const second = await review(JSON.stringify(written), 'validate');
      expect(second).toMatchObject({ allowed: true });
      expect(second.patch).toBeUndefined();
      expect(patchOf(await review(JSON.stringify(written)))).toEqual([]);
      for (const record of await recorded()) {
        expect(DecisionRecord.parse(record)).toEqual(record);
        expect(record.images.every(({ ground }) => ground === 'verified' || ground === 'unchanged')).toBe(
          true,
        );
      }
      expect(faults).toEqual([]);
    },
  );

  test.for(FILES)(
    '%s: without signatures only what is unchanged or has no image is admitted',
    async (file) => {
      const { review, recorded } = world(refuses);
      for (const phase of ['mutate', 'validate'] as const) {
        const answer = await review(bodyOf(file), phase);
        const record = (await recorded()).find((one) => one.phase === phase);
        const isUntouched = record?.images.every(({ ground }) => ground === 'unchanged') ?? false;
        expect(answer.allowed).toBe(isUntouched);
        expect(record?.allowed).toBe(isUntouched);
        expect(answer.patch).toBeUndefined();
      }
    },
  );
});

describe('outcomes', () => {
  test.for([
    { name: 'no signature', check: refuses, image: IMAGE, code: 'CNS-1003', result: 'refused' },
    { name: 'no registry', check: cannotLook, image: IMAGE, code: 'CNS-2004', result: 'undecided' },
    { name: 'no rule', check: admits, image: 'nobody.example/x:1', code: 'CNS-1001', result: 'refused' },
    { name: 'no reference', check: admits, image: 'UPPER/Case:::', code: 'CNS-1010', result: 'refused' },
    {
      name: 'an unbuilt validator',
      check: admits,
      image: 'old.example/x:1',
      code: 'CNS-3001',
      result: 'undecided',
    },
    {
      name: 'a fault of ours',
      check: (async () => await Promise.reject(new TypeError('ours'))) as Check,
      image: IMAGE,
      code: 'CNS-3004',
      result: 'undecided',
    },
    {
      name: 'P01 no time',
      check: (async () => await sleep(5_000, { digest: DIGEST })) as Check,
      image: IMAGE,
      code: 'CNS-2006',
      result: 'timeout',
    },
  ])('$name is $code, $result', async ({ check, image, code, result }) => {
    const { review, recorded } = world(check);
    const answer = await review(podOf([image]), 'mutate', 500);
    expect(answer.allowed).toBe(false);
    expect(answer.status?.message).toContain(code);
    await expect(recorded()).resolves.toMatchObject([{ allowed: false, wouldDeny: true, code, result }]);
  });

  test('a static rule says yes without a look and writes nothing', async () => {
    const { review, recorded } = world(refuses);
    expect(await review(podOf(['allow.example/x:1']))).toMatchObject({ allowed: true });
    await expect(recorded()).resolves.toMatchObject([{ images: [{ ground: 'static' }] }]);
  });

  test('distinct images are verified at the same time, equal ones once, and all problems are named', async () => {
    const asked: string[] = [];
    const { review } = world(async (image) => {
      asked.push(image.path);
      await sleep(100);
      if (image.path.startsWith('bad')) throw new RefusedError('CNS-1003', 'none');
      return { digest: DIGEST };
    });
    const images = ['bad-1', 'good', 'bad-2', 'good', 'bad-3'].map(
      (name) => `registry.example.org/${name}:1`,
    );
    const started = performance.now();
    const answer = await review(podOf(images));
    expect(performance.now() - started).toBeLessThan(350);
    expect(asked.toSorted()).toEqual(['bad-1', 'bad-2', 'bad-3', 'good']);
    for (const bad of ['bad-1', 'bad-2', 'bad-3']) expect(answer.status?.message).toContain(bad);
  });

  test('P15 some of the images in time is not all of them', async () => {
    const { review } = world(async (image) => {
      if (image.path === 'slow') await sleep(3_000);
      return { digest: DIGEST };
    });
    const answer = await review(
      podOf(['registry.example.org/fast:1', 'registry.example.org/slow:1']),
      'mutate',
      600,
    );
    expect(answer.allowed).toBe(false);
    expect(answer.patch).toBeUndefined();
    expect(answer.status?.message).toMatch(/validating 1\/2 images/);
  });

  test('evidence is on the stream once', async () => {
    const { review, recorded } = world(async (_image, { trace }) => {
      trace.add({ step: 'verify-signature', ok: true, text: 'by team' });
      return { digest: DIGEST };
    });
    await review(podOf([IMAGE]));
    await review(podOf([IMAGE]));
    const images = (await recorded()).flatMap((record) => record.images);
    expect(images.map(({ cached, evidence }) => [cached, evidence?.length])).toEqual(
      expect.arrayContaining([
        [false, 1],
        [true, undefined],
      ]),
    );
  });

  test('an UPDATE that changes nothing names the rule of its images', async () => {
    const { review, recorded } = world(refuses);
    await review(bodyOf('pod-update-label.json'));
    const [record] = await recorded();
    expect(record?.images.every(({ validator }) => validator?.name === 'team')).toBe(true);
  });
});

describe('modes', () => {
  test('detection mode admits with a warning, keeps the grounds, and writes no patch', async () => {
    const { review, recorded } = world(refuses, { features: '{ detectionMode: true }' });
    const answer = await review(podOf([IMAGE]));
    expect(answer).toMatchObject({ allowed: true });
    expect(answer.warnings?.[0]).toContain('would be DENIED');
    expect(answer.patch).toBeUndefined();
    await expect(recorded()).resolves.toMatchObject([
      { allowed: true, wouldDeny: true, mode: 'detect', result: 'refused' },
    ]);
  });

  test.for([
    { name: 'a Deployment', file: 'deployment-create.json', allowed: true },
    { name: 'a Pod', file: 'pod-create-generatename.json', allowed: false },
  ])('podsOnly: $name without signatures: $allowed', async ({ file, allowed }) => {
    const { review } = world(refuses, { features: '{ resourceValidationMode: podsOnly }' });
    expect(await review(bodyOf(file))).toMatchObject({ allowed });
  });

  test('I10 K42 a dry-run gets the same verdict, is recorded as one, and no alert is sent', async () => {
    const alerts =
      'rejectRequest: { receivers: [{ template: slack, receiverUrl: "https://x.example/", failIfAlertSendingFails: true }] }';
    for (const [check, allowed] of [
      [admits, true],
      [refuses, false],
    ] as const) {
      const { review, recorded, delivered } = world(check, { alerts });
      expect(await review(podOf([IMAGE], { dryRun: true }))).toMatchObject({ allowed });
      await expect(recorded()).resolves.toMatchObject([{ dryRun: true, allowed }]);
      // That a dry-run has no routes is the sender's business, and tested there.
      expect(delivered.every(({ dryRun }) => dryRun)).toBe(true);
    }
  });
});

describe('I9 one configuration from start to end', () => {
  test('P13 a new one between two images of a request is not seen by it', async () => {
    const { review, state, recorded } = world(async (image) => {
      if (image.path === 'one') {
        state.revision = revisionOf(refuses, { features: '{ detectionMode: true }' });
        await sleep(20);
      }
      return { digest: DIGEST };
    });
    const before = state.revision.configuration.revision;
    const answer = await review(podOf(['registry.example.org/one:1', 'allow.example/two:1']));
    const [record] = await recorded();
    expect(record?.revision).toBe(before.slice(0, 12));
    expect(record?.mode).toBe('enforce');
    expect(answer.auditAnnotations?.['config-hash']).toBe(before.slice(0, 12));
    await review(podOf(['allow.example/two:1']));
    expect((await recorded()).map(({ mode }) => mode).toSorted()).toEqual(['detect', 'enforce']);
  });
});

describe('strict decisions', () => {
  const strict = { features: '{ decisions: strict }' };
  function logThat(append: (record: DecisionRecord) => Promise<void>) {
    const appended: DecisionRecord[] = [];
    const log: DecisionLog = {
      append: async (record) => {
        appended.push(record);
        await append(record);
      },
      stats: () => ({
        state: 'redis',
        waiting: 0,
        written: 0,
        batches: 0,
        journalled: 0,
        journalBytes: 0,
        lost: 0,
        trimmedUnread: 0,
      }),
      close: async () => undefined,
    };
    return { log, appended };
  }
  const lost = async (): Promise<void> => await Promise.reject(new Error('disk full'));
  const hangs = async (): Promise<void> => await new Promise(() => undefined);

  test.for([
    {
      name: 'durable',
      append: async () => undefined,
      features: strict.features,
      allowed: true,
      records: [true],
    },
    { name: 'lost', append: lost, features: strict.features, allowed: false, records: [true, false] },
    { name: 'too late', append: hangs, features: strict.features, allowed: false, records: [true, false] },
    {
      name: 'lost in detection mode',
      append: lost,
      features: '{ decisions: strict, detectionMode: true }',
      allowed: false,
      records: [true, false],
    },
    { name: 'lost, buffered', append: lost, features: '{}', allowed: true, records: [true] },
    { name: 'hanging, buffered', append: hangs, features: '{}', allowed: true, records: [true] },
  ])(
    'an admission whose record is $name: allowed $allowed',
    async ({ append, features, allowed, records }) => {
      const { log, appended } = logThat(append);
      const { review, observed } = world(admits, { features, options: { decisions: log } });
      expect((await review(podOf([IMAGE]), 'mutate', 500)).allowed).toBe(allowed);
      expect(appended.map((record) => record.allowed)).toEqual(records);
      // Metrics tell what was answered, once.
      expect(observed.map((record) => record.allowed)).toEqual([allowed]);
    },
  );

  test('a denial does not wait for its record', async () => {
    const { log } = logThat(hangs);
    const { review } = world(refuses, { ...strict, options: { decisions: log } });
    const started = performance.now();
    expect(await review(podOf([IMAGE]))).toMatchObject({ allowed: false });
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('P16 mandatory alerts', () => {
  const alerts = `admitRequest:
  receivers: [{ template: slack, receiverUrl: "https://x.example/canary", failIfAlertSendingFails: true }]`;
  const missing = (seen: DecisionRecord[]): ReviewerOptions['mandatoryAlerts'] => ({
    deliver: async (_alerting, record) => {
      seen.push(record);
      return ['slack-0'];
    },
  });

  test('an admission that a receiver did not hear of is held back, and that denial is told and recorded', async () => {
    const seen: DecisionRecord[] = [];
    const { review, recorded } = world(admits, { alerts, options: { mandatoryAlerts: missing(seen) } });
    const answer = await review(podOf([IMAGE]));
    expect(answer).toMatchObject({ allowed: false });
    expect(answer.patch).toBeUndefined();
    expect(JSON.stringify(answer)).not.toContain('canary');
    expect(seen.map(({ allowed }) => allowed)).toEqual([true, false]);
    await expect(recorded()).resolves.toMatchObject([{ allowed: false, code: 'CNS-3003' }]);
  });

  test('a denial that a receiver did not hear of stays the denial that it is', async () => {
    const { review, recorded } = world(refuses, { alerts, options: { mandatoryAlerts: missing([]) } });
    expect(await review(podOf([IMAGE]))).toMatchObject({ allowed: false });
    await expect(recorded()).resolves.toMatchObject([{ code: 'CNS-1003' }]);
  });

  test('what only a rule in detection mode lets in is held back', async () => {
    const options = { mandatoryAlerts: missing([]) };
    const policy =
      '  - { pattern: "registry.example.org/demo/*:*", validator: team, insecureDetectOnly: true }';
    const { review, recorded } = world(refuses, { alerts, policy, options });
    expect(await review(podOf([IMAGE]))).toMatchObject({ allowed: false });
    await expect(recorded()).resolves.toMatchObject([{ allowed: false, mode: 'enforce', code: 'CNS-3003' }]);
  });

  test('detection mode wins over a receiver that is down', async () => {
    const options = { mandatoryAlerts: missing([]) };
    const { review } = world(admits, { alerts, features: '{ detectionMode: true }', options });
    const answer = await review(podOf([IMAGE]));
    expect(answer).toMatchObject({ allowed: true });
    expect(answer.warnings).toHaveLength(1);
  });

  test('without such receivers nobody is asked', async () => {
    const seen: DecisionRecord[] = [];
    const { review } = world(admits, { options: { mandatoryAlerts: missing(seen) } });
    expect(await review(podOf([IMAGE]))).toMatchObject({ allowed: true });
    expect(seen).toEqual([]);
  });
});

describe('I2 faults deny', () => {
  const throws = (): never => {
    throw new RangeError('ours');
  };
  test.for<{ name: string; options: Partial<ReviewerOptions> }>([
    { name: 'a judge that throws', options: { examiner: new ObjectExaminer({ judge: { judge: throws } }) } },
    {
      name: 'a judge that rejects',
      options: {
        examiner: new ObjectExaminer({
          judge: { judge: async () => await Promise.reject(new RangeError('ours')) },
        }),
      },
    },
    {
      name: 'a judge that invents a ground',
      options: {
        examiner: new ObjectExaminer({
          judge: { judge: () => ({ outcome: 'admitted', ground: { kind: 'unchanged' } as never }) },
        }),
      },
    },
    { name: 'S17 more reviews than there is room for', options: { maxInFlight: 0 } },
  ])('$name', async ({ options }) => {
    const { review, recorded } = world(admits, { options });
    expect(await review(podOf([IMAGE]))).toMatchObject({ allowed: false });
    await expect(recorded()).resolves.toMatchObject([{ allowed: false }]);
  });

  test('an alert sender that throws', async () => {
    const alerts =
      'admitRequest: { receivers: [{ template: slack, receiverUrl: "https://x.example/", failIfAlertSendingFails: true }] }';
    const { review, recorded, faults } = world(admits, {
      alerts,
      options: { mandatoryAlerts: { deliver: throws } },
    });
    expect(await review(podOf([IMAGE]))).toMatchObject({ allowed: false });
    await expect(recorded()).resolves.toMatchObject([{ allowed: false, code: 'CNS-3004' }]);
    expect(faults).toHaveLength(1);
  });

  test('no configuration at all: an answer that is none', async () => {
    const { send, faults } = world(admits, { options: { revision: throws } });
    await expect(send(podOf([IMAGE]))).resolves.toMatchObject({ status: 500, body: 'internal fault\n' });
    expect(faults).toHaveLength(1);
  });

  test('J21 an admission that is found too late is a timeout', async () => {
    const judge: ExaminerOptions['judge'] = {
      judge: (image, namespace, revision) => {
        const governed = revision.govern(image, namespace);
        const end = performance.now() + 60;
        while (performance.now() < end);
        if (governed.kind !== 'governed') throw new Error('no rule');
        const ground = {
          kind: 'verified' as const,
          reference: governed.image,
          digest: DIGEST,
          mode: 'mutate' as const,
        };
        return { outcome: 'admitted', ground };
      },
    };
    const { review, recorded } = world(admits, { options: { examiner: new ObjectExaminer({ judge }) } });
    expect(await review(podOf([IMAGE]), 'mutate', 340)).toMatchObject({ allowed: false });
    await expect(recorded()).resolves.toMatchObject([
      { allowed: false, result: 'timeout', code: 'CNS-2006' },
    ]);
    expect(await review(podOf([IMAGE]), 'mutate', 2_000)).toMatchObject({ allowed: true });
  });
});

describe('bodies that are no review', () => {
  test.for([
    { name: 'nothing', body: '', status: 400 },
    { name: 'null', body: 'null', status: 400 },
    { name: 'half of one', body: podOf([IMAGE]).slice(0, -20), status: 400 },
    { name: 'another kind', body: '{"apiVersion":"v1","kind":"Pod"}', status: 400 },
    { name: 'S05 too deep', body: `${'['.repeat(5_000)}${']'.repeat(5_000)}`, status: 400 },
    {
      name: 'no request',
      body: '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
      status: 400,
    },
  ])('$name: a clear $status, never an allow, and on record', async ({ body, status }) => {
    const { send, recorded } = world(admits);
    const answer = await send(body);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('true');
    await expect(recorded()).resolves.toMatchObject([{ allowed: false, result: 'invalid', uid: '' }]);
  });

  test('where the uid can be read, the answer is a denial', async () => {
    const { review, recorded } = world(admits);
    const answer = await review(podOf([IMAGE], { operation: 'BREAK' }));
    expect(answer.allowed).toBe(false);
    await expect(recorded()).resolves.toMatchObject([{ result: 'invalid', uid: answer.uid }]);
  });

  test('v1beta1 is answered as v1beta1', async () => {
    const { send } = world(admits);
    const answer = await send(podOf([IMAGE]).replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'));
    expect(JSON.parse(answer.body)).toMatchObject({
      apiVersion: 'admission.k8s.io/v1beta1',
      response: { allowed: true },
    });
  });
});

test('what users write is cut to the bounds of a record', async () => {
  const { review, recorded } = world(refuses);
  await review(
    podOf([`registry.example.org/${'x/'.repeat(120)}y:1`], { userInfo: { username: 'u'.repeat(5_000) } }),
  );
  const [record] = await recorded();
  expect(DecisionRecord.safeParse(record).success).toBe(true);
});

test('CREATE of the same review twice asks the verifier once', async () => {
  let asked = 0;
  const { review } = world(async () => {
    asked += 1;
    return { digest: DIGEST };
  });
  await review(bodyOf(CREATE));
  const once = asked;
  await review(bodyOf(CREATE));
  expect(asked).toBe(once);
});
