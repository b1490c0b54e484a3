import {
  ControllerOwner,
  decidedImages,
  type Decision,
  headline,
  isLetIn,
  objectUidOf,
  type ReviewError,
} from '#admission';
import type { DecisionRecord, Phase } from '#contracts';

/** Who writes a record. */
export interface RecordedBy {
  readonly cluster: string;
  readonly gateway: string;
  readonly now: () => number;
}

/** The same under one configuration. */
interface RecordWriter extends RecordedBy {
  /** The first characters of the configuration's revision. */
  readonly revision: string;
}

/** Who writes under the configuration of now. */
export class RecordWriters {
  readonly #by: RecordedBy;
  #writer: RecordWriter | undefined;

  constructor(by: RecordedBy) {
    this.#by = by;
  }

  under({ configuration }: { readonly configuration: { readonly revision: string } }): RecordWriter {
    const revision = configuration.revision.slice(0, 12);
    if (this.#writer?.revision !== revision) this.#writer = { ...this.#by, revision };
    return this.#writer;
  }
}

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
  // One literal, and what is rare after it: spreading costs several times as much, and this is the hot path.
  const record: DecisionRecord = {
    v: 1,
    uid: request.uid.slice(0, 128),
    time: Math.floor(by.now()),
    cluster: by.cluster,
    gateway: by.gateway,
    phase,
    allowed: isLetIn(decision),
    wouldDeny: denied,
    result: decision.result,
    mode,
    dryRun: request.dryRun,
    operation: request.operation,
    kind: request.kind.kind.slice(0, 64),
    namespace: request.namespace.slice(0, 256),
    name: request.name.slice(0, 256),
    images: [...decidedImages(decision)],
    imageCount: sites.kind === 'found' ? sites.images.length : 0,
    tookMs: inMicroseconds(tookMs),
    revision: by.revision,
  };
  if (request.user !== '') record.user = request.user.slice(0, 256);
  const owner = ControllerOwner.of(request);
  const objectUid = objectUidOf(request, phase);
  // What a controller makes is known by its owner; records of pods are the most, and short.
  if (objectUid !== undefined && (owner === undefined || request.operation === 'UPDATE'))
    record.objectUid = objectUid;
  if (owner !== undefined) record.owner = { kind: owner.kind, name: owner.name, uid: owner.uid };
  if (denied) {
    record.code = decision.problems[0].code;
    record.message = headline(decision);
  }
  return record;
}

/** A review that could not be read was still a decision: a denial. */
export function invalidRecord(
  error: ReviewError | undefined,
  phase: Phase,
  by: RecordWriter,
  tookMs: number,
): DecisionRecord {
  return {
    v: 1,
    uid: (error?.envelope?.uid ?? '').slice(0, 128),
    time: Math.floor(by.now()),
    cluster: by.cluster,
    gateway: by.gateway,
    phase,
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
    tookMs: inMicroseconds(tookMs),
    revision: by.revision,
  };
}

/** Fractions of a millisecond as far as they mean something. */
function inMicroseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000) / 1000);
}
