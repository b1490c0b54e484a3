import type { DecisionRecord } from '#contracts';

import { alertKeyOf, eventIdOf } from './alert-id.js';
import {
  alertMessage,
  alertTitle,
  catalogueEntry,
  decisionWord,
  severityOf,
  upstreamResult,
} from './alert-text.js';

/** Every name that a template may use, with its type. The first ten are Connaisseur's. */
export const VARIABLE_TYPES = {
  alert_message: 'text',
  priority: 'number',
  connaisseur_pod_id: 'text',
  namespace: 'text',
  cluster: 'text',
  timestamp: 'text',
  request_id: 'text',
  images: 'text',
  result: 'text',
  error: 'text',
  alert_title: 'text',
  alert_key: 'text',
  event_id: 'text',
  decision: 'text',
  code: 'text',
  reason: 'text',
  hint: 'text',
  severity: 'text',
  mode: 'text',
  operation: 'text',
  kind: 'text',
  name: 'text',
  resource: 'text',
  user: 'text',
  image_list: 'list',
  rejected_images: 'list',
  digests: 'list',
  validator: 'text',
  rule: 'text',
  duration_ms: 'number',
  count: 'number',
  revision: 'text',
} as const satisfies Readonly<Record<string, 'text' | 'number' | 'list'>>;

export type VariableName = keyof typeof VARIABLE_TYPES;

type ValueOfType = { readonly text: string; readonly number: number; readonly list: readonly string[] };

/** One value for each name; what a record does not say is empty, never absent. */
export type AlertVariables = { readonly [Name in VariableName]: ValueOfType[(typeof VARIABLE_TYPES)[Name]] };

/** What a receiver adds to a decision. */
export interface AlertContext {
  /** `alerting.clusterIdentifier` */
  readonly clusterIdentifier: string;
  readonly priority: number;
}

/** Characters that `images` may take; the list itself is bounded by the record. */
const MAX_IMAGES_CHARACTERS = 2000;

/** The values of one alert. Only what the record says: nothing is guessed. */
export function alertVariables(
  record: DecisionRecord,
  { clusterIdentifier, priority }: AlertContext,
): AlertVariables {
  const entry = catalogueEntry(record.code);
  const images = record.images.map(({ image }) => image);
  const error = record.result === 'admitted' ? '' : (record.message ?? '');
  return {
    alert_message: alertMessage(record),
    alert_title: alertTitle(record),
    alert_key: alertKeyOf(record),
    event_id: eventIdOf(record),
    priority,
    connaisseur_pod_id: record.gateway,
    namespace: record.namespace,
    cluster: clusterIdentifier,
    timestamp: rfc3339(record.time),
    request_id: record.uid,
    images: joinImages(images, record.imageCount),
    result: upstreamResult(record),
    error,
    decision: decisionWord(record),
    code: record.code ?? '',
    reason: entry?.title ?? '',
    hint: entry?.next ?? '',
    severity: severityOf(record),
    mode: record.mode,
    operation: record.operation,
    kind: record.kind,
    name: record.name,
    resource: record.name === '' ? record.kind : `${record.kind}/${record.name}`,
    user: record.user ?? '',
    image_list: images,
    rejected_images: record.images.filter(({ outcome }) => outcome !== 'admitted').map(({ image }) => image),
    digests: distinct(record.images.map(({ digest }) => digest)),
    validator: distinct(record.images.map(({ validator }) => validator?.name)).join(', '),
    rule: distinct(record.images.map(({ rule }) => rule?.pattern)).join(', '),
    duration_ms: Math.round(record.tookMs),
    count: record.imageCount,
    revision: record.revision,
  };
}

/** Whole names only, and how many were left out: half an image name is another image. */
function joinImages(images: readonly string[], total: number): string {
  const kept: string[] = [];
  let length = 0;
  for (const image of images) {
    length += image.length + 2;
    if (length > MAX_IMAGES_CHARACTERS) break;
    kept.push(image);
  }
  const left = total - kept.length;
  if (kept.length === 0) return left > 0 ? `${left} images` : '';
  return left > 0 ? `${kept.join(', ')} and ${left} more` : kept.join(', ');
}

function distinct(values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}

/** A Date holds 8.64e15 milliseconds on either side of the epoch. */
function rfc3339(milliseconds: number): string {
  const bound = 8.64e15;
  return new Date(Math.max(-bound, Math.min(bound, milliseconds))).toISOString();
}
