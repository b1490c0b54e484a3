// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import type { AdmittedWorkload } from '#contracts';
import { parseImageReference } from '#image-ref';

import { digestFor, type Judge, judged, type JudgeOptions } from '../test/judge.js';
import { bytesOf, capturedReviews, type KindName, type ReviewParts, reviewOf } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import { admittedWorkload } from './admitted-workload.js';
import { childSites } from './child-sites.js';
import { ControllerOwner } from './controller-owner.js';
import { decide } from './decide.js';
import { findImageSites } from './find-image-sites.js';
import type { ForeignObject } from './foreign-json.js';
import type { FoundSites } from './image-sites.js';

const NOW = 1_800_000_000_000;
const WEEK = 7 * 24 * 3_600_000;
const UID = 'c1d404cd-1d06-43a0-a49c-e4438aecc203';
const RULE = 'a'.repeat(64);
const TRUST = 'b'.repeat(64);
const IMAGE = `ghcr.io/acme/api:1@${digestFor('api')}`;
const OTHER = `ghcr.io/acme/api:1@${digestFor('other')}`;

type Json = Record<string, unknown>;

const owner = (over: Json = {}): Json => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'api-1',
  uid: UID,
  controller: true,
  blockOwnerDeletion: true,
  ...over,
});
const BY = { username: 'system:serviceaccount:kube-system:replicaset-controller' };
const containers = (...images: readonly unknown[]): Json => ({
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
});

function pod(over: Partial<ReviewParts> = {}, references: unknown = [owner()]): ReviewParts {
  const metadata = { generateName: 'api-1-', namespace: 'shop', ownerReferences: references };
  return { spec: containers(IMAGE), metadata, ...over, request: { userInfo: BY, ...over.request } };
}

const live = (over: { metadata?: Json; spec?: Json } = {}): ForeignObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'api-1', namespace: 'shop', uid: UID, ...over.metadata },
  spec: { template: { spec: over.spec ?? containers(IMAGE) } },
});

const record = (over: Partial<AdmittedWorkload> = {}): AdmittedWorkload => ({
  namespace: 'shop',
  uid: UID,
  trustRevision: TRUST,
  until: NOW + WEEK,
  images: [{ path: 'containers/c0', image: IMAGE, rule: RULE }],
  ...over,
});

function sitesOf(parts: ReviewParts): FoundSites {
  const sites = findImageSites(parseAdmissionReview(bytesOf(reviewOf(parts))));
  if (sites.kind !== 'found') throw new TypeError('expected sites');
  return sites;
}

interface Case {
  readonly name: string;
  readonly parts?: ReviewParts;
  readonly live?: ForeignObject;
  readonly record?: AdmittedWorkload;
  readonly rule?: string;
  readonly trust?: string;
  readonly approved: readonly string[];
}

describe('what an admitted owner vouches for', () => {
  const first = ['/spec/containers/0/image'];
  test.for<Case>([
    { name: 'the same image at the same place', approved: first },
    {
      name: 'K25 no user, whatever references he writes',
      parts: pod({ request: { userInfo: { username: 'ada' } } }),
      approved: [],
    },
    {
      name: 'K25 no controller that makes something else',
      parts: pod({ request: { userInfo: { username: 'system:serviceaccount:kube-system:job-controller' } } }),
      approved: [],
    },
    {
      name: 'K25 nobody of that name elsewhere',
      parts: pod({ request: { userInfo: { username: 'system:serviceaccount:shop:replicaset-controller' } } }),
      approved: [],
    },
    { name: 'K25 controller: false', parts: pod({}, [owner({ controller: false })]), approved: [] },
    { name: 'K25 controller as text', parts: pod({}, [owner({ controller: 'true' })]), approved: [] },
    { name: 'two controllers', parts: pod({}, [owner(), owner({ uid: 'x' })]), approved: [] },
    {
      name: 'an owner that does not control is no matter',
      parts: pod({}, [owner({ controller: undefined, uid: 'x' }), owner()]),
      approved: first,
    },
    { name: 'no owner', parts: pod({}, []), approved: [] },
    { name: 'references that are no list', parts: pod({}, { 0: owner() }), approved: [] },
    {
      name: 'K16 a kind that nobody built in',
      parts: pod({}, [owner({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' })]),
      approved: [],
    },
    {
      name: 'K16 a built-in kind of another group',
      parts: pod({}, [owner({ apiVersion: 'evil.example/v1' })]),
      approved: [],
    },
    { name: 'K27 a name that leaves its place', parts: pod({}, [owner({ name: '../api-1' })]), approved: [] },
    { name: 'K27 an encoded slash', parts: pod({}, [owner({ name: 'a%2fb' })]), approved: [] },
    { name: 'K27 a UID that is a path', parts: pod({}, [owner({ uid: `${UID}/..` })]), approved: [] },
    { name: 'K26 another UID', parts: pod({}, [owner({ uid: 'f'.repeat(36) })]), approved: [] },
    {
      name: 'K26 the name lives on with another UID',
      live: live({ metadata: { uid: 'new' } }),
      approved: [],
    },
    {
      name: 'K26 the owner is in another namespace',
      live: live({ metadata: { namespace: 'web' } }),
      approved: [],
    },
    { name: 'K26 the record is of another namespace', record: record({ namespace: 'web' }), approved: [] },
    { name: 'K26 the record is of another owner', record: record({ uid: 'x' }), approved: [] },
    {
      name: 'K44 the namespace that the object claims says nothing',
      parts: pod({ request: { namespace: 'web' } }),
      approved: [],
    },
    {
      name: 'K21 an owner that is being deleted',
      live: live({ metadata: { deletionTimestamp: '2026-11-21T01:42:46Z' } }),
      approved: [],
    },
    { name: 'K24 another image', parts: pod({ spec: containers(OTHER) }), approved: [] },
    {
      name: 'K24 the owner carries another image by now',
      live: live({ spec: containers(OTHER) }),
      approved: [],
    },
    {
      name: 'K24 the record is of another image',
      record: record({ images: [{ path: 'containers/c0', image: OTHER, rule: RULE }] }),
      approved: [],
    },
    {
      name: 'K24 the same digest in another repository',
      parts: pod({ spec: containers(IMAGE.replace('acme', 'evil')) }),
      live: live({ spec: containers(IMAGE.replace('acme', 'evil')) }),
      approved: [],
    },
    {
      name: 'K29 a tag, though all agree',
      parts: pod({ spec: containers('ghcr.io/acme/api:1') }),
      live: live({ spec: containers('ghcr.io/acme/api:1') }),
      record: record({ images: [{ path: 'containers/c0', image: 'ghcr.io/acme/api:1', rule: RULE }] }),
      approved: [],
    },
    {
      name: 'K32 the image in another container',
      parts: pod({ spec: { containers: [{ name: 'privileged', image: IMAGE }] } }),
      approved: [],
    },
    {
      name: 'K32 from main to init',
      parts: pod({ spec: { initContainers: [{ name: 'c0', image: IMAGE }], ...containers('x') } }),
      approved: [],
    },
    {
      name: 'K35 a sidecar that another webhook put before it is verified, the rest is not',
      parts: pod({
        spec: {
          containers: [
            { name: 'proxy', image: OTHER },
            { name: 'c0', image: IMAGE },
          ],
        },
      }),
      approved: ['/spec/containers/1/image'],
    },
    {
      name: 'a name that occurs twice',
      parts: pod({
        spec: {
          containers: [
            { name: 'c0', image: IMAGE },
            { name: 'c0', image: IMAGE },
          ],
        },
      }),
      approved: [],
    },
    {
      name: 'an image volume',
      parts: pod({ spec: { volumes: [{ name: 'v', image: { reference: IMAGE } }], ...containers(IMAGE) } }),
      live: live({ spec: { volumes: [{ name: 'v', image: { reference: IMAGE } }], ...containers(IMAGE) } }),
      record: record({ images: [{ path: 'volumes/v', image: IMAGE, rule: RULE }] }),
      approved: ['/spec/volumes/0/image/reference'],
    },
    { name: 'K50 the rule is another by now', rule: 'c'.repeat(64), approved: [] },
    { name: 'K50 the trust is another by now', trust: 'c'.repeat(64), approved: [] },
    { name: 'the record has ended', record: record({ until: NOW }), approved: [] },
  ])('$name', (row) => {
    const sites = sitesOf(row.parts ?? pod());
    const claim = ControllerOwner.of(sites.request);
    if (claim === undefined) return expect([]).toEqual(row.approved);
    const { live: now = live(), record: written = record() } = row;
    const governedBy = () => ({ rule: row.rule ?? RULE, trustRevision: row.trust ?? TRUST });
    const judgements = childSites(sites, { owner: claim, live: now, record: written }, governedBy, NOW);
    expect([...judgements.keys()]).toEqual(row.approved);
  });

  test('the claim of one request says nothing about another', () => {
    const claim = ControllerOwner.of(sitesOf(pod()).request) as ControllerOwner;
    const evidence = { owner: claim, live: live(), record: record() };
    const governedBy = () => ({ rule: RULE, trustRevision: TRUST });
    expect(childSites(sitesOf(pod()), evidence, governedBy, NOW).size).toBe(0);
    const lookAlike = { ...evidence, owner: Object.create(claim) as ControllerOwner };
    expect(childSites(sitesOf(pod()), lookAlike, governedBy, NOW).size).toBe(0);
  });

  test('where a static rule governs there is nothing to vouch for', () => {
    const sites = sitesOf(pod());
    const evidence = {
      owner: ControllerOwner.of(sites.request) as ControllerOwner,
      live: live(),
      record: record(),
    };
    expect(childSites(sites, evidence, () => undefined, NOW).size).toBe(0);
  });
});

test.for([
  { file: 'pod-create-by-replicaset-controller.json', kind: 'ReplicaSet' },
  { file: 'pod-create-by-daemonset-controller.json', kind: 'DaemonSet' },
  { file: 'pod-create-by-statefulset-controller.json', kind: 'StatefulSet' },
  { file: 'pod-create-by-job-controller.json', kind: 'Job' },
  { file: 'pod-create-by-replication-controller.json', kind: 'ReplicationController' },
  { file: 'replicaset-create-by-deployment-controller.json', kind: 'Deployment' },
  { file: 'job-create-from-cronjob-by-user.json', kind: undefined },
  { file: 'replicaset-create.json', kind: undefined },
])('a real API server: $file is made from $kind', ({ file, kind }) => {
  const review = capturedReviews().get(file);
  expect(ControllerOwner.of(parseAdmissionReview(review ?? Buffer.alloc(0)))?.kind).toBe(kind);
});

describe('what is kept of an admission', () => {
  interface Kept {
    readonly name: string;
    readonly kind?: KindName;
    readonly parts?: Partial<ReviewParts>;
    readonly options?: JudgeOptions;
    readonly mode?: 'enforce' | 'detect' | 'podsOnly';
    readonly images: readonly string[] | undefined;
  }
  const proof =
    (notAfter?: number): Judge =>
    (image) => ({
      outcome: 'admitted',
      ground: {
        kind: 'verified',
        reference: parseImageReference(image),
        digest: digestFor('api'),
        mode: 'mutate',
        notAfter,
      },
    });
  const metadata = { name: 'api', namespace: 'shop', uid: UID };
  const kept = (row: Omit<Kept, 'name' | 'images'>): AdmittedWorkload | undefined => {
    const { kind = 'Deployment', parts = {}, options = {}, mode = 'enforce' } = row;
    const sites = findImageSites(
      parseAdmissionReview(bytesOf(reviewOf({ kind, spec: containers(IMAGE), metadata, ...parts }))),
    );
    const judgements = judged(sites, { judge: proof(), ...options });
    const decision = decide(sites, judgements, { phase: 'validate', mode });
    return admittedWorkload(decision, () => ({ rule: RULE, trustRevision: TRUST }), NOW);
  };
  const all = ['containers/c0'];
  test.for<Kept>([
    { name: 'a proof', images: all },
    { name: 'for a CronJob', kind: 'CronJob', images: all },
    { name: 'nothing of a Pod, which makes nothing', kind: 'Pod', images: undefined },
    { name: 'nothing of a PodTemplate', kind: 'PodTemplate', images: undefined },
    { name: 'K42 nothing of a dry-run', parts: { request: { dryRun: true } }, images: undefined },
    { name: 'K28 nothing in detection mode', mode: 'detect', images: undefined },
    { name: 'P03 nothing with podsOnly', mode: 'podsOnly', images: undefined },
    { name: 'nothing before there is a UID', parts: { metadata: { name: 'api' } }, images: undefined },
    {
      name: 'nothing of a denial',
      options: { judge: () => ({ outcome: 'refused', code: 'CNS-1003' }) },
      images: undefined,
    },
    {
      name: 'nothing that a static rule let in',
      options: { judge: () => ({ outcome: 'admitted', ground: { kind: 'static' } }) },
      images: undefined,
    },
    {
      name: 'K28 nothing that is merely unchanged',
      parts: { operation: 'UPDATE', oldSpec: containers(IMAGE), oldMetadata: metadata },
      options: { automaticUnchangedApproval: true },
      images: undefined,
    },
    {
      name: 'an update',
      parts: { operation: 'UPDATE', oldSpec: containers(OTHER), oldMetadata: metadata },
      images: all,
    },
    {
      name: 'no update that changes the UID',
      parts: { operation: 'UPDATE', oldSpec: containers(OTHER), oldMetadata: { ...metadata, uid: 'x' } },
      images: undefined,
    },
    {
      name: 'of two containers of one name neither',
      parts: {
        spec: {
          containers: [
            { name: 'a', image: IMAGE },
            { name: 'a', image: IMAGE },
          ],
        },
      },
      images: undefined,
    },
  ])('$name', (row) => {
    expect(kept(row)?.images.map(({ path }) => path)).toEqual(row.images);
  });

  test.for([
    { name: 'seven days where nothing ends before', end: undefined, until: NOW + WEEK },
    { name: 'the end of the proof', end: NOW + 5_000, until: NOW + 5_000 },
    { name: 'never more than seven days', end: NOW + 2 * WEEK, until: NOW + WEEK },
    { name: 'no record for what has ended', end: NOW, until: undefined },
  ])('it lives $name', ({ end, until }) => {
    expect(kept({ options: { judge: proof(end) } })?.until).toBe(until);
  });

  test('a child does not live longer than its owner’s record', () => {
    const by = { username: 'system:serviceaccount:kube-system:deployment-controller' };
    const reference = owner({ kind: 'Deployment', name: 'api' });
    const parts: ReviewParts = {
      kind: 'ReplicaSet',
      spec: containers(IMAGE),
      metadata: { name: 'api-1', namespace: 'shop', uid: 'rs', ownerReferences: [reference] },
      request: { userInfo: by },
    };
    const sites = sitesOf(parts);
    const deployment = { ...live({ metadata: { name: 'api' } }), kind: 'Deployment' };
    const evidence = {
      owner: ControllerOwner.of(sites.request) as ControllerOwner,
      live: deployment,
      record: record({ until: NOW + 100 }),
    };
    const governedBy = () => ({ rule: RULE, trustRevision: TRUST });
    const judgements = childSites(sites, evidence, governedBy, NOW);
    const decision = decide(sites, judgements, { phase: 'validate', mode: 'enforce' });
    expect(admittedWorkload(decision, governedBy, NOW)).toMatchObject({ uid: 'rs', until: NOW + 100 });
  });
});
