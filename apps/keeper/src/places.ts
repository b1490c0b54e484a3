import { KINDS, type ObjectPlace } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';

/** Name of both webhook configurations; upstream's. */
export const WEBHOOK_NAME = 'connaisseur-webhook';
/** Server-side apply's name for us. */
export const FIELD_MANAGER = 'connaisseur';
export const PART_OF = 'app.kubernetes.io/part-of';
export const PART_OF_US = 'connaisseur-ts';

/** Both webhook configurations. */
export const WEBHOOK_PLACES: readonly ObjectPlace[] = [
  { kind: KINDS.mutatingWebhooks, name: WEBHOOK_NAME },
  { kind: KINDS.validatingWebhooks, name: WEBHOOK_NAME },
];

/** Secrets that `prepare` makes. */
export const SECRETS = {
  authority: 'connaisseur-ca',
  serving: 'connaisseur-tls',
  redisTls: 'connaisseur-redis-tls',
  redisAcl: 'connaisseur-redis-acl',
  busOf: (component: string) => `connaisseur-${component}-bus`,
} as const;

/** A Secret of the installation, which lives in its namespace. */
export function secretPlace({ namespace }: ClusterSettings, name: string): ObjectPlace {
  return { kind: KINDS.secret, namespace, name };
}

/** The Lease that says which keeper leads, and whether the webhooks shall be there. */
export function leasePlace({ namespace }: ClusterSettings): ObjectPlace {
  return { kind: KINDS.lease, namespace, name: 'connaisseur-keeper' };
}

/** Names that the serving certificate holds for; the API server asks for `<service>.<namespace>.svc`. */
export function serviceNames(service: string, namespace: string): readonly string[] {
  const full = `${service}.${namespace}`;
  return [`${full}.svc`, full, service, `${full}.svc.cluster.local`];
}

/** Labels of what we make outside Helm. */
export function ourLabels({ release }: ClusterSettings, component: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'connaisseur',
    'app.kubernetes.io/instance': release,
    'app.kubernetes.io/component': component,
    [PART_OF]: PART_OF_US,
    'app.kubernetes.io/managed-by': 'connaisseur',
  };
}
