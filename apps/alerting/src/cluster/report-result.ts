import { plainReference, plainText } from '#admission';
import type { DecidedImage, DecisionRecord } from '#contracts';

import { decidedObject, type ObjectReference } from './object-reference.js';

export type ReportStatus = 'pass' | 'fail' | 'warn' | 'error' | 'skip';
type Severity = 'high' | 'medium' | 'low' | 'info';

/** One result of a report; both report APIs have these fields. */
export interface ReportResult {
  readonly source: 'connaisseur';
  readonly category: 'Image Signature';
  readonly policy: string;
  readonly rule: string;
  readonly result: ReportStatus;
  readonly severity: Severity;
  readonly scored: true;
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
  readonly resources: readonly ObjectReference[];
  /** Without times and ids: readers tell results apart by it. */
  readonly message: string;
  readonly properties: Readonly<Record<string, string>>;
}

const HIGH: ReadonlySet<string> = new Set(['CNS-1004', 'CNS-1005', 'CNS-1006']);
const MAX_MESSAGE = 500;
const MAX_TEXT = 300;

/** A result for each image that the decision is about: all that were admitted, or those that were not. */
export function reportResults(record: DecisionRecord): readonly ReportResult[] {
  const object = decidedObject(record);
  if (object === undefined) return [];
  if (!record.wouldDeny) return record.images.map((image) => imageResult(record, object, image));
  const problems = record.images.filter(({ outcome }) => outcome !== 'admitted');
  if (problems.length > 0) return problems.map((image) => imageResult(record, object, image));
  return [result(record, object, { status: statusOf(record, record.result), code: record.code })];
}

function imageResult(record: DecisionRecord, object: ObjectReference, image: DecidedImage): ReportResult {
  const status =
    image.ground === 'static' && image.outcome === 'admitted'
      ? 'skip'
      : statusOf(record, image.outcome, image.code);
  return result(record, object, {
    status,
    code: image.code ?? (image.outcome === 'admitted' ? undefined : record.code),
    image,
  });
}

/** What we could not find out is an error, in detection mode too. */
function statusOf(
  { allowed, code }: DecisionRecord,
  outcome: DecisionRecord['result'],
  imageCode = code,
): ReportStatus {
  if (outcome === 'admitted') return 'pass';
  if (outcome === 'undecided' || outcome === 'timeout' || imageCode?.startsWith('CNS-3') === true)
    return 'error';
  return allowed ? 'warn' : 'fail';
}

function result(
  record: DecisionRecord,
  object: ObjectReference,
  found: { readonly status: ReportStatus; readonly code: string | undefined; readonly image?: DecidedImage },
): ReportResult {
  const { status, code, image } = found;
  return {
    source: 'connaisseur',
    category: 'Image Signature',
    policy: text(image?.rule?.pattern) ?? 'none',
    rule: text(image?.validator?.name) ?? 'none',
    result: status,
    severity: severityOf(status, code),
    scored: true,
    timestamp: timestampOf(record.time),
    resources: [object],
    message: plainText(messageOf(record, image), MAX_MESSAGE),
    properties: propertiesOf(record, code, image),
  };
}

function messageOf(record: DecisionRecord, image: DecidedImage | undefined): string {
  if (image === undefined) return record.message ?? record.result;
  const said = image.message ?? (image.outcome === 'admitted' ? (image.ground ?? 'admitted') : image.outcome);
  return `${image.code === undefined ? '' : `${image.code} `}${plainReference(image.image, MAX_TEXT)} ${said}`;
}

function propertiesOf(
  record: DecisionRecord,
  code: string | undefined,
  image: DecidedImage | undefined,
): Readonly<Record<string, string>> {
  const named = {
    image: image === undefined ? undefined : plainReference(image.image, MAX_TEXT),
    digest: image?.digest,
    code,
    ground: image?.ground,
    validator_type: image?.validator?.type,
    requestId: record.uid,
    user: record.user,
    mode: record.mode,
    duration_ms: String(Math.round(record.tookMs)),
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([key, value]) => {
      const shown = text(value);
      return shown === undefined ? [] : [[key, shown]];
    }),
  );
}

function severityOf(status: ReportStatus, code = ''): Severity {
  if (status === 'pass' || status === 'skip') return 'info';
  if (HIGH.has(code)) return 'high';
  return status === 'error' ? 'low' : 'medium';
}

function timestampOf(ms: number): ReportResult['timestamp'] {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : plainText(value, MAX_TEXT);
}
