import { DecisionRecord } from '#contracts';

import { decodeImage, dropUndefined, imageText, pick } from './image-codec.js';

/** What all records of a batch share, and therefore none of them carries. */
export interface DecisionContext {
  readonly cluster: string;
  readonly gateway: string;
  /** The usual one; a record under another configuration revision carries its own. */
  readonly revision: string;
}

/** One record as it lies on the stream: the record itself, and its evidence beside it. */
export interface EncodedDecision {
  /** JSON text of one array, without a newline. */
  readonly record: string;
  /** JSON text of `[image index, evidence]` pairs; absent where no image has any. */
  readonly evidence: string | undefined;
  readonly denial: boolean;
}

/** Evidence of one record beyond this many characters is left out: the decision itself must always fit. */
export const MAX_EVIDENCE = 64 * 1024;

const PHASES = ['mutate', 'validate'] as const;
const MODES = ['enforce', 'detect', 'podsOnly', 'ignored'] as const;
const RESULTS = ['admitted', 'refused', 'undecided', 'timeout', 'invalid'] as const;
const OPERATIONS: readonly string[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'];

/** The record's fields that the wire form carries; one that the contract gains does not compile before it is one of these. */
type Carried =
  | (
      | 'v'
      | 'uid'
      | 'time'
      | 'cluster'
      | 'gateway'
      | 'phase'
      | 'allowed'
      | 'wouldDeny'
      | 'result'
      | 'mode'
      | 'dryRun'
    )
  | (
      | 'operation'
      | 'kind'
      | 'namespace'
      | 'name'
      | 'user'
      | 'code'
      | 'message'
      | 'images'
      | 'imageCount'
      | 'tookMs'
      | 'objectUid'
      | 'owner'
    )
  | 'revision';
export const carriesEveryField: Exclude<keyof DecisionRecord, Carried> extends never ? true : never = true;

/** True for what the stream of denials carries: refused, or would have been but for detection mode. */
export function isDenial(record: DecisionRecord): boolean {
  return !record.allowed || record.wouldDeny;
}

/**
 * A record in its short form: an array without keys, because this is on the hot path and most of the stream's bytes.
 * A `TypeError` for a record of another gateway or cluster than the log's own.
 */
export function encodeDecision(record: DecisionRecord, context: DecisionContext): EncodedDecision {
  if (record.gateway !== context.gateway || record.cluster !== context.cluster) {
    throw new TypeError(`expected a decision of gateway ${context.gateway} in cluster ${context.cluster}`);
  }
  const { images, operation, code, message, objectUid, owner } = record;
  const operationCode = OPERATIONS.indexOf(operation);
  const revision = record.revision === context.revision ? undefined : record.revision;
  const before = JSON.stringify([
    record.uid,
    record.time,
    flagsOf(record),
    operationCode < 0 ? operation : operationCode,
    record.kind,
    record.namespace,
    record.name,
    record.tookMs,
  ]);
  const after: unknown[] = [record.imageCount - images.length, record.user ?? 0];
  const maker = owner === undefined ? undefined : [owner.kind, owner.name, owner.uid];
  const rare = [code, message, revision, objectUid, maker];
  if (rare.some((value) => value !== undefined))
    after.push({ code, message, revision, objectUid, owner: maker });
  // One array, put together from three texts, because that of the images is there already as a rule.
  const text = `${before.slice(0, -1)},${imagesText(images)},${JSON.stringify(after).slice(1)}`;
  return { record: text, evidence: encodeEvidence(record), denial: isDenial(record) };
}

/** The record again, exactly; throws what the contract's schema throws for anything that is not one. */
export function decodeDecision(wire: unknown, context: DecisionContext, evidence?: unknown): DecisionRecord {
  if (!Array.isArray(wire)) throw new TypeError('expected a decision as an array');
  const [uid, time, flags, operation, kind, namespace, name, tookMs, images, more, user, rare] =
    wire as unknown[];
  const decoded = decodeImages(images, evidence);
  return DecisionRecord.parse(
    dropUndefined({
      ...context,
      ...pick(rare, ['code', 'message', 'revision', 'objectUid']),
      owner: decodeOwner(pick(rare, ['owner'])['owner']),
      v: 1,
      uid,
      time,
      ...fromFlags(Number(flags)),
      operation: typeof operation === 'number' ? OPERATIONS[operation] : operation,
      kind,
      namespace,
      name,
      user: user === 0 ? undefined : user,
      images: decoded,
      imageCount: Number(more) + decoded.length,
      tookMs,
    }),
  );
}

function decodeOwner(wire: unknown): Record<string, unknown> | undefined {
  if (!Array.isArray(wire)) return undefined;
  const [kind, name, uid] = wire as unknown[];
  return { kind, name, uid };
}

function imagesText(images: DecisionRecord['images']): string {
  let texts = '';
  let previous: DecisionRecord['images'][number] | undefined;
  for (const image of images) {
    texts += previous === undefined ? imageText(image, previous) : `,${imageText(image, previous)}`;
    previous = image;
  }
  return `[${texts}]`;
}

function flagsOf(record: DecisionRecord): number {
  return (
    PHASES.indexOf(record.phase) |
    (Number(record.allowed) << 1) |
    (Number(record.wouldDeny) << 2) |
    (Number(record.dryRun) << 3) |
    (MODES.indexOf(record.mode) << 4) |
    (RESULTS.indexOf(record.result) << 6)
  );
}

function fromFlags(flags: number): Record<string, unknown> {
  return {
    phase: PHASES[flags & 1],
    allowed: (flags & 2) !== 0,
    wouldDeny: (flags & 4) !== 0,
    dryRun: (flags & 8) !== 0,
    mode: MODES[(flags >> 4) & 3],
    result: RESULTS[(flags >> 6) & 7],
  };
}

function decodeImages(images: unknown, evidence: unknown): Record<string, unknown>[] {
  const decoded: Record<string, unknown>[] = [];
  for (const image of Array.isArray(images) ? (images as unknown[]) : []) {
    if (!Array.isArray(image)) throw new TypeError('expected an image as an array');
    decoded.push(decodeImage(image, decoded.at(-1)));
  }
  for (const pair of Array.isArray(evidence) ? (evidence as unknown[]) : []) {
    const [index, steps] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const image = decoded[Number(index)];
    if (image === undefined) throw new TypeError('expected evidence for an image of the record');
    image['evidence'] = steps;
  }
  return decoded;
}

function encodeEvidence({ images }: DecisionRecord): string | undefined {
  let pairs = '';
  for (let index = 0; index < images.length; index += 1) {
    const evidence = images[index]?.evidence;
    if (evidence === undefined) continue;
    const pair = `[${index},${JSON.stringify(evidence)}]`;
    if (pairs.length + pair.length > MAX_EVIDENCE) break;
    pairs = pairs === '' ? pair : `${pairs},${pair}`;
  }
  return pairs === '' ? undefined : `[${pairs}]`;
}
