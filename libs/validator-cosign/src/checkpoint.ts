import { decodeBase64, verifySignature } from '#trust';

import { LogProofError, MalformedSignatureError } from './error.js';
import type { LogKey } from './log-keys.js';

const MAX_CHECKPOINT_CHARACTERS = 16_384;
/** The log's own and its witnesses'. */
const MAX_SIGNATURES = 32;
const KEY_HINT_BYTES = 4;
const SIGNATURE_LINE = /^\u2014 (\S{1,255}) (\S{1,8192})$/u;
const TREE_SIZE = /^[1-9][0-9]{0,15}$/;

interface NoteSignature {
  readonly name: string;
  readonly keyHint: Uint8Array;
  readonly signature: Uint8Array;
}

/** A log's signed statement of its size and root (c2sp.org/tlog-checkpoint), parsed and not yet verified. */
export interface Checkpoint {
  readonly origin: string;
  readonly treeSize: number;
  readonly rootHash: Uint8Array;
  readonly signedText: string;
  readonly signatures: readonly NoteSignature[];
}

/** Text from a registry to a checkpoint; throws {@link MalformedSignatureError}. */
export function parseCheckpoint(envelope: string): Checkpoint {
  if (envelope.length > MAX_CHECKPOINT_CHARACTERS) throw malformed('a shorter text');
  // The signed text ends with its last newline; the blank line after it belongs to nobody.
  const split = envelope.indexOf('\n\n');
  if (split === -1) throw malformed('a blank line before the signatures');
  const signedText = envelope.slice(0, split + 1);
  const [origin = '', size = '', root = ''] = signedText.split('\n');
  const treeSize = Number(size);
  if (origin === '' || !TREE_SIZE.test(size) || !Number.isSafeInteger(treeSize))
    throw malformed('an origin and a size');
  return {
    origin,
    treeSize,
    rootHash: decodeBase64(root),
    signedText,
    signatures: parseSignatures(envelope.slice(split + 2)),
  };
}

/**
 * Proves that the log signed this checkpoint under its own name; throws {@link LogProofError}. Witnesses are not asked
 * for.
 */
export async function verifyCheckpoint(
  checkpoint: Checkpoint,
  log: LogKey,
  logId: Uint8Array,
): Promise<void> {
  const hint = Buffer.from(logId.subarray(0, KEY_HINT_BYTES));
  const own = checkpoint.signatures.filter(
    ({ name, keyHint }) =>
      hint.equals(keyHint) &&
      (log.name === undefined || log.name === name) &&
      isOriginOf(name, checkpoint.origin),
  );
  for (const { signature } of own) {
    if (await verifySignature(log.key, Buffer.from(checkpoint.signedText), signature)) return;
  }
  throw new LogProofError('checkpoint', 'the checkpoint is not signed by the log');
}

/** Rekor v1 writes its tree's number behind its name. */
function isOriginOf(name: string, origin: string): boolean {
  return origin === name || origin.startsWith(`${name} - `);
}

function parseSignatures(text: string): readonly NoteSignature[] {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length > MAX_SIGNATURES) {
    throw malformed(`1 to ${MAX_SIGNATURES} signature lines`);
  }
  return lines.map((line) => {
    const [, name = '', encoded = ''] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = decodeBase64(encoded);
    if (name === '' || bytes.length <= KEY_HINT_BYTES) throw malformed('a name and a signature in each line');
    return { name, keyHint: bytes.subarray(0, KEY_HINT_BYTES), signature: bytes.subarray(KEY_HINT_BYTES) };
  });
}

function malformed(expected: string): MalformedSignatureError {
  return new MalformedSignatureError(`expected the checkpoint to have ${expected}`);
}
