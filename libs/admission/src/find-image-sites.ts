import type { AdmissionReviewRequest } from './admission-review.js';
import { type ForeignObject, isForeignObject } from './foreign-json.js';
import {
  FoundSites,
  type ImageDrivers,
  type ImageSite,
  type ImageSites,
  NoSites,
  type UnreadableSites,
} from './image-sites.js';
import { MAX_SITES, podSpecOf, readImages } from './pod-spec-images.js';
import { sameImages } from './unchanged-sites.js';
import { workloadKind, type WorkloadKind } from './workload-kind.js';

/** Each may cost a verification; as many as a decision record holds. */
export const MAX_IMAGES = 64;

/** Objects of a subresource that have no room for an image: the kind, and every field that it may have. */
const IMAGE_FREE = new Map([
  [
    'scale',
    { kind: 'Scale', fields: ['kind', 'apiVersion', 'metadata', 'spec', 'status'], spec: ['replicas'] },
  ],
  ['binding', { kind: 'Binding', fields: ['kind', 'apiVersion', 'metadata', 'target'], spec: [] }],
  ['eviction', { kind: 'Eviction', fields: ['kind', 'apiVersion', 'metadata', 'deleteOptions'], spec: [] }],
] as const);

/** What carries the whole workload: the object itself and subresources of it; some exist for pods only. */
const READ_OF_ALL: ReadonlySet<string | undefined> = new Set([undefined, 'status']);
const READ_OF_PODS: ReadonlySet<string | undefined> = new Set(['ephemeralcontainers', 'resize']);

export interface FindOptions {
  readonly imageDrivers?: ImageDrivers | undefined;
  /** The request's namespace is exempt by name: nobody looks at its images. */
  readonly isIgnored?: boolean | undefined;
}

const NO_DRIVERS: ImageDrivers = new Map();

/** Finds every place in the object that names an image. What it cannot read is `unreadable`, never "no images". */
export function findImageSites(
  request: AdmissionReviewRequest,
  { imageDrivers = NO_DRIVERS, isIgnored = false }: FindOptions = {},
): ImageSites {
  if (isIgnored && request.namespace !== '') return new NoSites(request, 'ignored');
  if (request.operation === 'DELETE') return new NoSites(request, 'delete');
  if (request.operation === 'CONNECT') return unreadable(request, 'connect');
  const { object, subResource } = request;
  if (subResource === 'scale' || subResource === 'binding' || subResource === 'eviction') {
    return hasNoRoomForImages(request, subResource)
      ? new NoSites(request, subResource)
      : unreadable(request, 'not-image-free');
  }
  const workload = workloadKind(request.kind);
  if (workload === undefined) return unreadable(request, 'unknown-kind');
  if (!READ_OF_ALL.has(subResource) && !(workload.kind === 'Pod' && READ_OF_PODS.has(subResource))) {
    return unreadable(request, 'unknown-subresource');
  }
  return sitesIn(request, workload, object, imageDrivers);
}

function sitesIn(
  request: AdmissionReviewRequest,
  workload: WorkloadKind,
  object: ForeignObject,
  imageDrivers: ImageDrivers,
): ImageSites {
  const spec = podSpecOf(workload, object);
  if (spec === undefined) return unreadable(request, 'no-pod-spec');
  const read = readImages(workload, spec, imageDrivers);
  if ('fault' in read) return unreadable(request, read.fault);
  const { sites } = read;
  if (sites.length === 0) return unreadable(request, 'no-images');
  const images = distinct(sites);
  if (images.length > MAX_IMAGES) return unreadable(request, 'too-many-images');
  const found = new FoundSites({ request, isPod: workload.kind === 'Pod', sites, images, imageDrivers });
  // The API server keeps the old spec on a status update; where it is the same anyway there is nothing to decide (K17).
  return request.subResource === 'status' && sameImages(found) ? new NoSites(request, 'status') : found;
}

function distinct(sites: readonly ImageSite[]): readonly string[] {
  const images = new Set<string>();
  for (const { image } of sites) if (image !== undefined) images.add(image);
  return [...images];
}

function hasNoRoomForImages(
  request: AdmissionReviewRequest,
  subResource: 'scale' | 'binding' | 'eviction',
): boolean {
  const shape = IMAGE_FREE.get(subResource);
  if (shape === undefined || request.kind.kind !== shape.kind || request.object === undefined) return false;
  const spec = request.object['spec'] ?? {};
  return isForeignObject(spec) && hasOnly(request.object, shape.fields) && hasOnly(spec, shape.spec);
}

function hasOnly(object: ForeignObject, fields: readonly string[]): boolean {
  return Object.keys(object).every((key) => fields.includes(key));
}

type Fault = Exclude<UnreadableSites['fault'], 'internal'>;

const REASONS: Record<Fault, Pick<UnreadableSites, 'code' | 'title' | 'next'>> = {
  'unknown-kind': {
    code: 'CNS-3001',
    title: 'is of a kind that this version cannot read',
    next: 'limit the rules of the webhook to the supported kinds, with matchPolicy Equivalent',
  },
  'unknown-subresource': {
    code: 'CNS-3001',
    title: 'comes through a subresource that this version cannot read',
    next: 'take the subresource out of the rules of the webhook',
  },
  connect: {
    code: 'CNS-3001',
    title: 'is connected to, which this version cannot judge',
    next: 'take CONNECT out of the rules of the webhook',
  },
  'no-pod-spec': { code: 'CNS-1010', title: 'has no pod spec', next: 'add the pod template' },
  'no-images': { code: 'CNS-1010', title: 'has no image', next: 'name an image for each container' },
  'not-a-list': {
    code: 'CNS-1010',
    title: 'has containers or volumes that are not a list',
    next: 'correct the object',
  },
  'too-many-sites': {
    code: 'CNS-1010',
    title: `has more than ${MAX_SITES} containers and image volumes`,
    next: 'split the workload',
  },
  'too-many-images': {
    code: 'CNS-1010',
    title: `has more than ${MAX_IMAGES} different images`,
    next: 'split the workload',
  },
  'not-image-free': {
    code: 'CNS-1010',
    title: 'has fields that an object of this subresource does not have',
    next: 'correct the object',
  },
};

function unreadable(request: AdmissionReviewRequest, fault: Fault): UnreadableSites {
  return { kind: 'unreadable', request, fault, ...REASONS[fault] };
}
