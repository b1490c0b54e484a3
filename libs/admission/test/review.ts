import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where kinds keep their pod spec, written down a second time: the tests do not ask the code that they test. */
export const KINDS = [
  { kind: 'Pod', group: '', resource: 'pods', at: '/spec' },
  { kind: 'PodTemplate', group: '', resource: 'podtemplates', at: '/template/spec' },
  { kind: 'ReplicationController', group: '', resource: 'replicationcontrollers', at: '/spec/template/spec' },
  { kind: 'Deployment', group: 'apps', resource: 'deployments', at: '/spec/template/spec' },
  { kind: 'ReplicaSet', group: 'apps', resource: 'replicasets', at: '/spec/template/spec' },
  { kind: 'DaemonSet', group: 'apps', resource: 'daemonsets', at: '/spec/template/spec' },
  { kind: 'StatefulSet', group: 'apps', resource: 'statefulsets', at: '/spec/template/spec' },
  { kind: 'Job', group: 'batch', resource: 'jobs', at: '/spec/template/spec' },
  { kind: 'CronJob', group: 'batch', resource: 'cronjobs', at: '/spec/jobTemplate/spec/template/spec' },
] as const;

export type KindName = (typeof KINDS)[number]['kind'];

export interface ReviewParts {
  readonly kind?: KindName;
  readonly operation?: string;
  readonly subResource?: string;
  /** The new pod spec; `undefined` for none. */
  readonly spec?: unknown;
  readonly oldSpec?: unknown;
  readonly metadata?: unknown;
  readonly oldMetadata?: unknown;
  /** Put over the finished request. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/** A whole AdmissionReview as a value, for a kind and a pod spec. */
export function reviewOf(parts: ReviewParts): Record<string, unknown> {
  const { kind = 'Pod', operation = 'CREATE', subResource, spec, oldSpec } = parts;
  const row = KINDS.find((entry) => entry.kind === kind) ?? KINDS[0];
  const object = (podSpec: unknown, metadata: unknown): unknown =>
    podSpec === undefined
      ? null
      : {
          kind,
          apiVersion: apiVersion(row.group),
          metadata: metadata ?? { name: 'api' },
          ...nested(row.at, podSpec),
        };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: row.group, version: 'v1', kind },
      resource: { group: row.group, version: 'v1', resource: row.resource },
      ...(subResource === undefined ? {} : { subResource }),
      name: 'api',
      namespace: 'shop',
      operation,
      userInfo: { username: 'ada' },
      object: object(spec, parts.metadata),
      oldObject: object(oldSpec, parts.oldMetadata),
      dryRun: false,
      ...parts.request,
    },
  };
}

export function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

const CAPTURED = fileURLToPath(new URL('../../../test/data/reviews/', import.meta.url));

/** The reviews that a real API server sent, by file name. */
export function capturedReviews(): ReadonlyMap<string, Buffer> {
  const names = readdirSync(CAPTURED).filter((name) => name.endsWith('.json'));
  return new Map(names.map((name) => [name, readFileSync(CAPTURED + name)]));
}

function apiVersion(group: string): string {
  return group === '' ? 'v1' : `${group}/v1`;
}

/** `/a/b` and v → `{ a: { b: v } }`. */
function nested(at: string, value: unknown): Record<string, unknown> {
  return at
    .slice(1)
    .split('/')
    .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}
