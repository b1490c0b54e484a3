import { describe, expect, test } from 'vitest';

import {
  type AdmissionReviewRequest,
  decide,
  findImageSites,
  type FoundSites,
  parseAdmissionReview,
  type SiteId,
  type SiteJudgement,
} from '#admission';
import { InMemoryAdmittedWorkloads } from '#bus';

import { revisionOf } from '../../test/world.js';
import { Deadline } from '../deadline.js';
import type { Revision } from '../revision.js';
import { ChildApproval, type ChildApprovalOptions } from './child-approval.js';
import { judgedByRule } from './image-judge.js';

const NOW = 1_800_000_000_000;
const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = `registry.example.org/app:1@${DIGEST}`;
const UID = 'c1d404cd-1d06-43a0-a49c-e4438aecc203';
const BY = 'system:serviceaccount:kube-system:deployment-controller';
const notAsked = async (): Promise<never> => await Promise.reject(new Error('not asked'));

type Json = Readonly<Record<string, unknown>>;

const spec = (image: string): Json => ({ template: { spec: { containers: [{ name: 'app', image }] } } });
const DEPLOYMENT: Json = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', uid: UID },
  spec: spec(IMAGE),
};

function requestOf(object: Json, user: string, over: Json = {}): AdmissionReviewRequest {
  const kind = object['kind'] as string;
  const request = {
    uid: 'u',
    kind: { group: 'apps', version: 'v1', kind },
    resource: { group: 'apps', version: 'v1', resource: `${kind.toLowerCase()}s` },
    namespace: 'shop',
    operation: 'CREATE',
    userInfo: { username: user },
    object,
    ...over,
  };
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  return parseAdmissionReview(Buffer.from(JSON.stringify(review)));
}

const child = (image = IMAGE, user = BY): AdmissionReviewRequest => {
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: UID, controller: true };
  const metadata = { name: 'web-1', namespace: 'shop', uid: 'rs', ownerReferences: [owner] };
  return requestOf({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: spec(image) }, user);
};

interface World {
  readonly approval: ChildApproval;
  readonly events: string[];
  readonly asked: string[];
}

function world(over: Partial<ChildApprovalOptions> = {}): World {
  const events: string[] = [];
  const asked: string[] = [];
  const approval = new ChildApproval({
    records: new InMemoryAdmittedWorkloads({ now: () => NOW }),
    findOwner: async (owner) => {
      asked.push(owner.name);
      return await Promise.resolve(DEPLOYMENT);
    },
    isRemembered: () => false,
    now: () => NOW,
    observe: (event) => events.push(event),
    onFault: (error) => events.push(`fault ${String(error)}`),
    ...over,
  });
  return { approval, events, asked };
}

function sitesOf(request: AdmissionReviewRequest): FoundSites {
  const sites = findImageSites(request);
  if (sites.kind !== 'found') throw new TypeError('expected sites');
  return sites;
}

/** The Deployment admitted with proof, as `/validate` concludes it. */
function admit(approval: ChildApproval, revision: Revision, over: Json = {}): void {
  const sites = sitesOf(requestOf(DEPLOYMENT, 'ada', over));
  const governed = revision.govern(IMAGE, 'shop');
  if (governed.kind !== 'governed') throw new TypeError('expected a rule');
  const judgement = {
    outcome: 'admitted',
    ground: { kind: 'verified', reference: governed.image, digest: DIGEST, mode: 'mutate' },
  } as SiteJudgement;
  const judgements = new Map(sites.sites.map(({ id }) => [id, judgement]));
  approval.remember(decide(sites, judgements, { phase: 'validate', mode: 'enforce' }), revision);
}

async function approved(
  { approval }: World,
  revision: Revision,
  request = child(),
): Promise<ReadonlyMap<SiteId, SiteJudgement>> {
  const judgements = new Map<SiteId, SiteJudgement>();
  await approval.approve(sitesOf(request), judgements, revision, new Deadline(10_000));
  return judgements;
}

describe('a child of an admitted owner', () => {
  test('is approved, with rule and validator named', async () => {
    const [parts, revision] = [world(), revisionOf(notAsked)];
    admit(parts.approval, revision);
    const [judgement] = (await approved(parts, revision)).values();
    expect(judgement).toMatchObject({
      outcome: 'admitted',
      ground: { kind: 'child', digest: DIGEST },
      ...judgedByRule(IMAGE, 'shop', revision),
    });
    expect(parts.events).toEqual(['approved']);
  });

  test.for<{ name: string; features: string }>([
    { name: 'where it is off', features: '{ automaticChildApproval: false }' },
    { name: 'P03 where only Pods are enforced', features: '{ resourceValidationMode: podsOnly }' },
  ])('is verified $name', async ({ features }) => {
    const parts = world();
    const revision = revisionOf(notAsked, { features });
    admit(parts.approval, revision);
    expect((await approved(parts, revision)).size).toBe(0);
    expect(parts.asked).toEqual([]);
  });

  test('P03 a record of before is not used where only Pods are enforced', async () => {
    const parts = world();
    admit(parts.approval, revisionOf(notAsked));
    const podsOnly = revisionOf(notAsked, { features: '{ resourceValidationMode: podsOnly }' });
    expect((await approved(parts, podsOnly)).size).toBe(0);
  });

  test('K50 is verified under another rule', async () => {
    const parts = world();
    admit(parts.approval, revisionOf(notAsked));
    const policy = '  - { pattern: "registry.example.org/app:*", validator: team, namespaces: [shop] }';
    expect((await approved(parts, revisionOf(notAsked, { policy }))).size).toBe(0);
    expect(parts.events).toEqual(['no-match']);
  });

  test('K42 a dry-run leaves nothing behind', async () => {
    const [parts, revision] = [world(), revisionOf(notAsked)];
    admit(parts.approval, revision, { dryRun: true });
    expect((await approved(parts, revision)).size).toBe(0);
    expect(parts.events).toEqual(['no-record']);
  });
});

describe('nobody is asked', () => {
  test.for<{ name: string; request: AdmissionReviewRequest; over?: Partial<ChildApprovalOptions> }>([
    { name: 'K25 for a user', request: child(IMAGE, 'ada') },
    { name: 'K29 for a tag', request: child('registry.example.org/app:1') },
    { name: 'for what a static rule says', request: child(`allow.example/app@${DIGEST}`) },
    { name: 'for what no rule governs', request: child(`nobody.example/app@${DIGEST}`) },
    { name: 'for what is remembered', request: child(), over: { isRemembered: () => true } },
  ])('$name', ({ request, over }) => {
    const revision = revisionOf(notAsked);
    const { approval } = world(over);
    expect(approval.approve(sitesOf(request), new Map(), revision, new Deadline(1_000))).toBeUndefined();
  });

  test('without a record not even the API server', async () => {
    const parts = world();
    await approved(parts, revisionOf(notAsked));
    expect(parts).toMatchObject({ asked: [], events: ['no-record'] });
  });
});

test.for<{ name: string; over: Partial<ChildApprovalOptions>; event: string }>([
  { name: 'K30 no owner', over: { findOwner: () => Promise.resolve(undefined) }, event: 'no-owner' },
  {
    name: 'a fault of ours',
    over: { findOwner: () => Promise.reject(new Error('ours')) },
    event: 'fault Error: ours',
  },
])('$name approves nothing', async ({ over, event }) => {
  const [parts, revision] = [world(over), revisionOf(notAsked)];
  admit(parts.approval, revision);
  expect((await approved(parts, revision)).size).toBe(0);
  expect(parts.events).toEqual([event]);
});
