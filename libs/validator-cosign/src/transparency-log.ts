import { TrustError, verifySignature } from '#trust';

import { verifyCheckpoint } from './checkpoint.js';
import { LogProofError, MalformedSignatureError } from './error.js';
import { isIncluded } from './inclusion-proof.js';
import type { LogEntry } from './log-entry.js';
import { type SignedBy, verifyEntryBody } from './log-entry-body.js';
import { type LogKey, logIds } from './log-keys.js';

/** How far ahead of ours a log's clock may be. */
const MAX_CLOCK_SKEW_SECONDS = 300;

/** What a believed log says of a signature. */
export interface LogEvidence {
  /** Under the log's signature, or on the path to its root: never what the wrapper alone says. */
  readonly logIndex: number;
  /** Seconds since the epoch; only where the log signed the time. */
  readonly logTime: number | undefined;
}

/**
 * Proves, without a network, that one of the entries is of a believed log and about exactly this signature. One valid
 * proof is enough and others do not spoil it; throws {@link LogProofError} with what is wrong with the first.
 */
export async function verifyLogged(
  readEntries: () => readonly LogEntry[],
  signed: SignedBy,
  logs: readonly LogKey[],
  now: Date,
): Promise<LogEvidence> {
  let first: LogProofError | undefined;
  for (const entry of readAll(readEntries)) {
    try {
      return await verifyEntry(entry, signed, logs, now);
    } catch (error) {
      first ??= asLogProofError(error);
    }
  }
  throw first ?? new LogProofError('missing', 'the signature carries no proof that a log has it');
}

function readAll(readEntries: () => readonly LogEntry[]): readonly LogEntry[] {
  try {
    return readEntries();
  } catch (error) {
    throw asLogProofError(error);
  }
}

async function verifyEntry(
  entry: LogEntry,
  signed: SignedBy,
  logs: readonly LogKey[],
  now: Date,
): Promise<LogEvidence> {
  const log = findLog(entry, logs);
  verifyEntryBody(entry, signed);
  verifyTime(entry, log, now);
  const promised = await verifyPromise(entry, log);
  const included = await verifyInclusion(entry, log);
  if (promised) return { logIndex: entry.logIndex, logTime: entry.integratedTime };
  if (included !== undefined) return { logIndex: included, logTime: undefined };
  throw new LogProofError('missing', 'the log entry has neither a signed timestamp nor an inclusion proof');
}

function findLog(entry: LogEntry, logs: readonly LogKey[]): LogKey {
  const signerNames = entry.proof?.checkpoint.signatures.map(({ name }) => name) ?? [];
  const log = logs.find((candidate) => logIds(candidate, signerNames).some((id) => id.equals(entry.logId)));
  if (log === undefined)
    throw new LogProofError('unknown-log', 'the log entry is of a log that is not believed');
  return log;
}

/**
 * A time counts only under the log's signature. Without one (Rekor v2) the key's end is not looked at: a closed log's
 * old entries stay true, and a log's key alone signs no image.
 */
function verifyTime(entry: LogEntry, log: LogKey, now: Date): void {
  const latest = now.getTime() / 1000 + MAX_CLOCK_SKEW_SECONDS;
  const time = entry.integratedTime;
  const isPlausible =
    entry.promise === undefined
      ? time === 0 && log.validFrom <= latest
      : time > 0 && time <= latest && time >= log.validFrom && time <= log.validUntil;
  if (!isPlausible)
    throw new LogProofError('time', 'the log entry’s time is not one that the log can have given');
}

/** True where the log promised inclusion; false where there is no promise; throws for a wrong one. */
async function verifyPromise(entry: LogEntry, log: LogKey): Promise<boolean> {
  if (entry.promise === undefined) return false;
  // RFC 8785 form of the entry: these four names are in order, and none of the values needs escapes.
  const signedEntry = JSON.stringify({
    body: Buffer.from(entry.body).toString('base64'),
    integratedTime: entry.integratedTime,
    logID: Buffer.from(entry.logId).toString('hex'),
    logIndex: entry.logIndex,
  });
  if (await verifySignature(log.key, Buffer.from(signedEntry), entry.promise)) return true;
  throw new LogProofError('promise', 'the signed entry timestamp is not the log’s');
}

/**
 * The entry's place in the log's tree where it is proven; `undefined` where there is no proof; throws for a wrong one.
 */
async function verifyInclusion(entry: LogEntry, log: LogKey): Promise<number | undefined> {
  const { proof } = entry;
  if (proof === undefined) return undefined;
  const { checkpoint } = proof;
  if (checkpoint.treeSize !== proof.treeSize || !Buffer.from(checkpoint.rootHash).equals(proof.rootHash)) {
    throw new LogProofError('checkpoint', 'the checkpoint is of another tree than the inclusion proof');
  }
  if (!isIncluded(entry.body, proof, proof.rootHash)) {
    throw new LogProofError('inclusion', 'the inclusion proof does not lead to the root');
  }
  await verifyCheckpoint(checkpoint, log, entry.logId);
  return proof.index;
}

/** Entries come from a registry: one that cannot be read is a proof that fails, and only our own faults go on. */
function asLogProofError(error: unknown): LogProofError {
  if (error instanceof LogProofError) return error;
  if (error instanceof MalformedSignatureError || error instanceof TrustError) {
    return new LogProofError('malformed', 'the log entry cannot be read', { cause: error });
  }
  throw error;
}
