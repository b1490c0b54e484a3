import { isDeepStrictEqual } from 'node:util';

import { isJsonObject, type JsonObject, type KubernetesObject, type Manifest } from '#kubernetes';

import { GLASS_CONDITION } from './break-glass-state.js';
import { PART_OF } from './places.js';
import { type Webhook, webhooksOf } from './webhook-manifests.js';

/** Fields of a webhook; a closed set, because it labels a metric. */
const FIELDS = [
  'admissionReviewVersions',
  'clientConfig',
  'failurePolicy',
  'matchConditions',
  'matchPolicy',
  'namespaceSelector',
  'objectSelector',
  'reinvocationPolicy',
  'rules',
  'sideEffects',
  'timeoutSeconds',
] as const;

/** What the API server fills in (admissionregistration/v1 defaults); without them every comparison would differ. */
const DEFAULTS: JsonObject = {
  failurePolicy: 'Fail',
  matchConditions: [],
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
};

export type DriftField =
  (typeof FIELDS)[number] | 'missing' | 'webhook-missing' | 'webhook-added' | 'labels' | 'unknown-field';

/** One difference between a webhook configuration as it is and as it shall be. */
export interface Drift {
  readonly field: DriftField;
  /** For people: which webhook. */
  readonly webhook: string;
}

/**
 * Every field in which a live configuration differs from the desired one (D01, D02). `isOpen` allows the condition of an
 * emergency opening that is in force, and nothing else.
 */
export function driftOf(
  desired: Manifest,
  live: KubernetesObject | undefined,
  isOpen: boolean,
): readonly Drift[] {
  if (live === undefined) return [{ field: 'missing', webhook: '' }];
  const wanted = webhooksOf(desired);
  const found = webhooksOf(live.body);
  const named = (name: string) => found.find((webhook) => webhook.name === name);
  const changed = wanted.flatMap((webhook) => {
    const now = named(webhook.name);
    return now === undefined
      ? [{ field: 'webhook-missing', webhook: webhook.name } as const]
      : fieldsThatDiffer(webhook, now, isOpen).map((field) => ({ field, webhook: webhook.name }));
  });
  const added = found
    .filter(({ name }) => !wanted.some((webhook) => webhook.name === name))
    .map(({ name }) => ({ field: 'webhook-added', webhook: name }) as const);
  const labels = isJsonObject(desired.metadata['labels']) ? desired.metadata['labels'][PART_OF] : undefined;
  const unlabelled =
    labels === undefined || live.labels.get(PART_OF) === labels
      ? []
      : [{ field: 'labels', webhook: '' } as const];
  return [...changed, ...added, ...unlabelled];
}

function fieldsThatDiffer(wanted: Webhook, found: Webhook, isOpen: boolean): readonly DriftField[] {
  const [want, have] = [complete(wanted), complete(found)];
  const differing = FIELDS.filter((field) => {
    const value = field === 'matchConditions' ? conditions(have[field], isOpen) : have[field];
    return !isDeepStrictEqual(plain(want[field]), plain(value));
  });
  const unknown = Object.keys(found).some((key) => key !== 'name' && !FIELDS.some((field) => field === key));
  return unknown ? [...differing, 'unknown-field'] : differing;
}

function conditions(value: unknown, isOpen: boolean): unknown {
  if (!isOpen || !Array.isArray(value)) return value;
  return value.filter((condition) => !isDeepStrictEqual(plain(condition), plain(GLASS_CONDITION)));
}

/** As the API server would have stored it. */
function complete(webhook: Webhook): JsonObject {
  const { clientConfig, rules, namespaceSelector, objectSelector } = webhook;
  return {
    ...DEFAULTS,
    ...webhook,
    reinvocationPolicy: webhook['reinvocationPolicy'] ?? 'Never',
    namespaceSelector: namespaceSelector ?? {},
    objectSelector: objectSelector ?? {},
    clientConfig: completeClient(clientConfig),
    rules: Array.isArray(rules)
      ? rules.map((rule) => (isJsonObject(rule) ? { scope: '*', ...rule } : (rule as unknown)))
      : [],
  };
}

function completeClient(client: unknown): unknown {
  if (!isJsonObject(client)) return client;
  const { service } = client;
  return isJsonObject(service) ? { ...client, service: { port: 443, ...service } } : client;
}

/** Without prototypes and absent fields, so that parsed and built values compare. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
