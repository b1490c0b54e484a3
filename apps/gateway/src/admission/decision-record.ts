import { decidedImages, type Decision, headline, type ReviewError } from '#admission';
import type { DecisionRecord, Phase } from '#contracts';

/** Who writes a record, and under what. */
export interface RecordedBy {
  readonly cluster: string;
  readonly gateway: string;
  readonly now: () => number;
}

type Writer = RecordedBy & { readonly revision: string };

/** What the stream keeps of a decision. */
export function decisionRecord(decision: Decision, phase: Phase, by: Writer, tookMs: number): DecisionRecord {
  const { request, mode, sites } = decision;
  const denied = decision.kind === 'deny';
  return {
    ...common(phase, by, tookMs),
    uid: request.uid,
    allowed: !denied || mode !== 'enforce',
    wouldDeny: denied,
    result: decision.result,
    mode,
    dryRun: request.dryRun,
    operation: request.operation,
    kind: request.kind.kind.slice(0, 64),
    namespace: request.namespace,
    name: request.name,
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
  by: Writer,
  tookMs: number,
): DecisionRecord {
  return {
    ...common(phase, by, tookMs),
    uid: error?.envelope?.uid ?? '',
    allowed: false,
    wouldDeny: true,
    result: 'invalid',
    mode: 'enforce',
    dryRun: false,
    operation: '',
    kind: '',
    namespace: '',
    name: '',
    message: error === undefined ? 'internal fault' : error.message.slice(0, 300),
    images: [],
    imageCount: 0,
  };
}

function common(
  phase: Phase,
  by: Writer,
  tookMs: number,
): Pick<DecisionRecord, 'v' | 'time' | 'cluster' | 'gateway' | 'phase' | 'tookMs' | 'revision'> {
  return {
    v: 1,
    time: by.now(),
    cluster: by.cluster,
    gateway: by.gateway,
    phase,
    tookMs: Math.round(tookMs * 1000) / 1000,
    revision: by.revision.slice(0, 12),
  };
}
