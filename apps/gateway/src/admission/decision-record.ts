import { decidedImages, type Decision, headline, type ReviewError } from '#admission';
import type { DecisionRecord, Phase } from '#contracts';

/** Who writes a record. */
export interface RecordedBy {
  readonly cluster: string;
  readonly gateway: string;
  readonly now: () => number;
}

/** The same under one configuration. */
export type RecordWriter = RecordedBy & { readonly revision: string };

const MAX_MESSAGE = 300;

/** What the stream keeps of a decision. What users write is cut to the record's bounds: a long name must not lose a denial. */
export function decisionRecord(
  decision: Decision,
  phase: Phase,
  by: RecordWriter,
  tookMs: number,
): DecisionRecord {
  const { request, mode, sites } = decision;
  const denied = decision.kind === 'deny';
  return {
    ...common(phase, by, tookMs),
    uid: request.uid.slice(0, 128),
    allowed: !denied || mode !== 'enforce',
    wouldDeny: denied,
    result: decision.result,
    mode,
    dryRun: request.dryRun,
    operation: request.operation,
    kind: request.kind.kind.slice(0, 64),
    namespace: request.namespace.slice(0, 256),
    name: request.name.slice(0, 256),
    ...(request.user === '' ? {} : { user: request.user.slice(0, 256) }),
    ...(denied ? { code: decision.problems[0].code, message: headline(decision) } : {}),
    images: [...decidedImages(decision)],
    imageCount: sites.kind === 'found' ? sites.images.length : 0,
  };
}

/** A review that could not be read was still a decision: a denial. */
export function invalidRecord(
  error: ReviewError | undefined,
  phase: Phase,
  by: RecordWriter,
  tookMs: number,
): DecisionRecord {
  return {
    ...common(phase, by, tookMs),
    uid: (error?.envelope?.uid ?? '').slice(0, 128),
    allowed: false,
    wouldDeny: true,
    result: 'invalid',
    mode: 'enforce',
    dryRun: false,
    operation: '',
    kind: '',
    namespace: '',
    name: '',
    message: error === undefined ? 'internal fault' : error.message.slice(0, MAX_MESSAGE),
    images: [],
    imageCount: 0,
  };
}

type Common = Pick<DecisionRecord, 'v' | 'time' | 'cluster' | 'gateway' | 'phase' | 'tookMs' | 'revision'>;

function common(phase: Phase, by: RecordWriter, tookMs: number): Common {
  return {
    v: 1,
    time: Math.floor(by.now()),
    cluster: by.cluster,
    gateway: by.gateway,
    phase,
    tookMs: Math.max(0, Math.round(tookMs * 1000) / 1000),
    revision: by.revision.slice(0, 12),
  };
}
