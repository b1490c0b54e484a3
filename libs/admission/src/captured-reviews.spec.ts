// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { applyOperation, applyPatch, JsonPatchError, type Operation } from 'fast-json-patch';
import { describe, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';

import { admit, allBut, digestFor, type JudgeOptions } from '../test/judge.js';
import { capturedReviews } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import type { Decision } from './decide.js';
import { renderAnswer } from './render-answer.js';

const reviews = capturedReviews();
const APP = 'registry.example.org/demo/app:v1';
const INIT = 'registry.example.org/demo/init:1.0';
const SIDECAR = `registry.example.org:5000/demo/sidecar:1.0@sha256:${'a'.repeat(64)}`;
const ARTIFACT = 'registry.example.org/demo/artifact:v1';
const BUSYBOX = 'docker.io/library/busybox:1.36';
const TEMPLATE = '/spec/template/spec/containers/0/image';
const POD = '/spec/containers/0/image';

interface Row {
  readonly name: string;
  /** pointer → image, ground and, behind `=>`, that the patch pins it. */
  readonly sites?: Readonly<Record<string, string>>;
  /** `allow`, or the result and the codes. */
  readonly answer?: string;
  /** Why there are no images. */
  readonly none?: string;
}

const pinned = (image: string): string => `${image} verified => pinned`;
const unchangedPod = {
  '/spec/containers/0/image': 'nginx unchanged',
  '/spec/containers/1/image': `${BUSYBOX} unchanged`,
  '/spec/initContainers/0/image': `${INIT} unchanged`,
  '/spec/initContainers/1/image': `${SIDECAR} unchanged`,
  '/spec/volumes/0/image/reference': `${ARTIFACT} unchanged`,
};

const ROWS: readonly Row[] = [
  {
    name: 'cronjob-create.json',
    sites: {
      '/spec/jobTemplate/spec/template/spec/containers/0/image': pinned(APP),
      '/spec/jobTemplate/spec/template/spec/initContainers/0/image': pinned(INIT),
    },
  },
  { name: 'daemonset-create.json', sites: { [TEMPLATE]: pinned(APP) } },
  { name: 'deployment-create.json', sites: { [TEMPLATE]: pinned(APP) } },
  { name: 'deployment-delete.json', none: 'delete' },
  { name: 'deployment-scale-update.json', none: 'scale' },
  // A template with a tag is verified again, also where only an annotation changes.
  {
    name: 'deployment-update-annotation.json',
    sites: { [TEMPLATE]: pinned('registry.example.org/demo/app:v2') },
  },
  {
    name: 'deployment-update-image-while-deleting.json',
    sites: { [TEMPLATE]: pinned('registry.example.org/demo/evil:v2') },
  },
  { name: 'deployment-update-image.json', sites: { [TEMPLATE]: pinned('registry.example.org/demo/app:v2') } },
  {
    name: 'job-create-from-cronjob-by-user.json',
    sites: { [TEMPLATE]: pinned(APP), '/spec/template/spec/initContainers/0/image': pinned(INIT) },
  },
  { name: 'job-create.json', sites: { [TEMPLATE]: pinned(APP) } },
  { name: 'pod-create-by-daemonset-controller.json', sites: { [POD]: pinned(APP) } },
  { name: 'pod-create-by-job-controller.json', sites: { [POD]: pinned(APP) } },
  { name: 'pod-create-by-replicaset-controller.json', sites: { [POD]: pinned(APP) } },
  { name: 'pod-create-by-replication-controller.json', sites: { [POD]: pinned(APP) } },
  { name: 'pod-create-by-statefulset-controller.json', sites: { [POD]: pinned(APP) } },
  { name: 'pod-create-dryrun.json', sites: { [POD]: pinned('nginx:1.27') } },
  { name: 'pod-create-generatename.json', sites: { [POD]: pinned(APP) } },
  { name: 'pod-create-imagepullsecrets.json', sites: { [POD]: pinned(APP) } },
  {
    name: 'pod-create-init-sidecar-imagevolume.json',
    sites: {
      '/spec/containers/0/image': pinned('nginx'),
      '/spec/containers/1/image': pinned(BUSYBOX),
      '/spec/initContainers/0/image': pinned(INIT),
      // It has its digest already: nothing to write.
      '/spec/initContainers/1/image': `${SIDECAR} verified`,
      '/spec/volumes/0/image/reference': pinned(ARTIFACT),
    },
  },
  { name: 'pod-create-server-side-apply.json', sites: { [POD]: pinned(APP) } },
  { name: 'pod-delete.json', none: 'delete' },
  {
    name: 'pod-ephemeralcontainers-update.json',
    sites: { ...unchangedPod, '/spec/ephemeralContainers/0/image': pinned('busybox:1.36') },
  },
  {
    name: 'pod-resize-update-container-without-image.json',
    sites: {
      '/spec/containers/0/image': '!missing',
      '/spec/initContainers/0/image': `${INIT} unchanged`,
      '/spec/initContainers/1/image': `${SIDECAR} unchanged`,
      '/spec/ephemeralContainers/0/image': 'busybox:1.36 unchanged',
      '/spec/volumes/0/image/reference': `${ARTIFACT} unchanged`,
    },
    answer: 'refused CNS-1010',
  },
  { name: 'pod-resize-update.json', sites: { [POD]: `${APP} unchanged` } },
  {
    name: 'pod-update-by-job-controller-finalizer.json',
    sites: { [POD]: `${APP} unchanged`, '/spec/initContainers/0/image': `${INIT} unchanged` },
  },
  { name: 'pod-update-image.json', sites: { [POD]: pinned('registry.example.org/demo/app:v2') } },
  {
    name: 'pod-update-label.json',
    sites: { ...unchangedPod, '/spec/ephemeralContainers/0/image': 'busybox:1.36 unchanged' },
  },
  { name: 'podtemplate-create.json', sites: { '/template/spec/containers/0/image': pinned(APP) } },
  { name: 'replicaset-create-by-deployment-controller.json', sites: { [TEMPLATE]: pinned(APP) } },
  { name: 'replicaset-create.json', sites: { [TEMPLATE]: pinned(APP) } },
  { name: 'replicationcontroller-create.json', sites: { [TEMPLATE]: pinned(APP) } },
  { name: 'statefulset-create.json', sites: { [TEMPLATE]: pinned(APP) } },
];

test('every captured review has a row', () => {
  expect(ROWS.map(({ name }) => name)).toEqual([...reviews.keys()].toSorted());
});

describe('what is found and decided', () => {
  test.for(ROWS)('$name', ({ name, sites, answer = 'allow', none }) => {
    const decision = admit(bytesFor(name));
    expect(describeDecision(decision)).toEqual({ sites: sites ?? {}, answer, none });
  });
});

describe('who is refused when every image is refused', () => {
  const refuse: JudgeOptions = { judge: () => ({ outcome: 'refused', code: 'CNS-1003' }) };
  test.for(ROWS)('$name', ({ name, sites = {}, answer }) => {
    const needsProof = Object.values(sites).some((site) => site.includes(' verified'));
    const decision = admit(bytesFor(name), refuse);
    expect(decision.result).toBe(needsProof || answer !== undefined ? 'refused' : 'admitted');
  });
});

describe('applied patches', () => {
  test.for(ROWS.filter(({ answer, none }) => answer === undefined && none === undefined))(
    '$name',
    ({ name, sites = {} }) => {
      const review = JSON.parse(bytesFor(name).toString('utf8'));
      const before = structuredClone(review.request.object);
      const patch = patchIn(admit(bytesFor(name)));
      const after = applyPatch(structuredClone(before), patch, true, false).newDocument;

      const expected = structuredClone(before);
      for (const [pointer, site] of Object.entries(sites)) {
        const [image = ''] = site.split(' ');
        const reference = parseImageReference(image);
        if (!site.includes('pinned')) continue;
        const value = reference.withDigest(digestFor(reference.toString())).toString();
        applyOperation(expected, { op: 'replace', path: pointer, value });
      }
      expect(after).toEqual(expected);

      // I3: the object as patched gives no further patch, and passes the second webhook.
      const again = bytesOf({ ...review, request: { ...review.request, object: after } });
      expect(patchIn(admit(again))).toEqual([]);
      expect(admit(again, { phase: 'validate' }).result).toBe('admitted');
    },
  );

  test('S21 a list that another webhook has shifted fails the patch', () => {
    const review = JSON.parse(bytesFor('pod-create-init-sidecar-imagevolume.json').toString('utf8'));
    const patch = patchIn(admit(bytesFor('pod-create-init-sidecar-imagevolume.json')));
    review.request.object.spec.containers.unshift({ name: 'injected', image: 'mesh' });
    expect(() => applyPatch(review.request.object, patch, true)).toThrow(JsonPatchError);
  });
});

describe('things that are easy to get wrong', () => {
  test.for([
    {
      name: 'pod-create-by-replicaset-controller.json',
      expected: { name: 'web-78c48dddc-', user: 'system:serviceaccount:kube-system:replicaset-controller' },
    },
    { name: 'pod-create-generatename.json', expected: { name: 'gen-', namespace: 'demo' } },
    { name: 'pod-create-dryrun.json', expected: { dryRun: true } },
    { name: 'deployment-scale-update.json', expected: { subResource: 'scale', operation: 'UPDATE' } },
    { name: 'deployment-delete.json', expected: { object: undefined, name: 'dep' } },
  ])('$name', ({ name, expected }) => {
    expect(parseAdmissionReview(bytesFor(name))).toMatchObject(expected);
  });

  test('only the new image of kubectl debug is asked for', () => {
    const judge = allBut({ 'busybox:1.36': { outcome: 'refused', code: 'CNS-1003' } });
    const decision = admit(bytesFor('pod-ephemeralcontainers-update.json'), { judge });
    expect(decision.kind === 'deny' && decision.problems.map(({ sites }) => sites)).toEqual([
      ['/spec/ephemeralContainers/0/image'],
    ]);
  });
});

function bytesFor(name: string): Buffer {
  const bytes = reviews.get(name);
  if (bytes === undefined) throw new TypeError(`no captured review ${name}`);
  return bytes;
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function patchIn(decision: Decision): Operation[] {
  const { patch } = renderAnswer(decision, { revision: '' }).response;
  return patch === undefined ? [] : JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
}

function describeDecision(decision: Decision): Row | Record<string, unknown> {
  const written = new Set(patchIn(decision).map(({ path }) => path));
  const { sites } = decision;
  const described: Record<string, string> = {};
  for (const { id, image, fault } of sites.kind === 'found' ? sites.sites : []) {
    const judgement = decision.judgements.get(id);
    const ground = judgement?.outcome === 'admitted' ? ` ${judgement.ground.kind}` : '';
    described[id] =
      fault === undefined ? `${image}${ground}${written.has(id) ? ' => pinned' : ''}` : `!${fault}`;
  }
  const codes = decision.kind === 'deny' ? decision.problems.map(({ code }) => code) : [];
  const answer = decision.kind === 'allow' ? 'allow' : [decision.result, ...codes].join(' ');
  return { sites: described, answer, none: sites.kind === 'none' ? sites.reason : undefined };
}
