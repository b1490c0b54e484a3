import type { ImageReference } from '#image-ref';
import type { Fingerprint } from '#trust';
import { type RefusalCode, type RefusalDetails, RefusedError } from '#validator';

import type { Examination } from './examination.js';
import type { Judgement } from './judge-signature.js';
import type { TrustRoot } from './trust-root.js';

/** As `RefusalDetails` has it. */
const MAX_CHARACTERS = 200;

/** Says why the signatures of an image are not enough, in the words of the first thing that a person has to change. */
export function refusalOf(examination: Examination, pinned: ImageReference): RefusedError {
  const { code, message, found } = diagnose(examination);
  const details: RefusalDetails = {
    found: fit(found),
    expected: fit(expectedSigners(examination)),
    next: fit(nextStep(examination, pinned)),
  };
  return new RefusedError(code, message, details);
}

interface Diagnosis {
  readonly code: RefusalCode;
  readonly message: string;
  readonly found: string;
}

/** From the signer who is nearest to being enough to the one who is furthest. */
function diagnose(examination: Examination): Diagnosis {
  const { judgements, quorum, signers } = examination;
  const found = countFound(examination);
  if (signers.size > 0) {
    const count = `${signers.size} of ${quorum.threshold}`;
    const missing = [...quorum.required].filter((name) => !signers.has(name));
    const names = missing.length === 0 ? '' : `; required and missing: ${missing.join(', ')}`;
    return {
      code: 'CNS-1008',
      message: `${count} required signatures`,
      found: `${count}, by ${[...signers].join(', ')}${names}`,
    };
  }
  const unlogged = judgements.find((each) => each.kind === 'unlogged');
  if (unlogged !== undefined)
    return {
      code: 'CNS-1006',
      message: unlogged.error.message,
      found: `${found}: ${unlogged.error.message}`,
    };
  const other = judgements.find((each) => each.kind === 'other-digest');
  if (other !== undefined) {
    const message = `signed by "${other.root.name}" is ${other.digest}`;
    return { code: 'CNS-1005', message, found: `a signature by "${other.root.name}" for ${other.digest}` };
  }
  if (judgements.length + examination.malformed > 0) {
    return {
      code: 'CNS-1004',
      message: 'no signature is by a trusted key',
      found: `${found}${namedKeys(judgements)}`,
    };
  }
  return { code: 'CNS-1003', message: 'no signature was found', found };
}

function countFound({ judgements, malformed, attestations, isCut }: Examination): string {
  const total = judgements.length + malformed;
  const others =
    attestations === 0 ? '' : `, ${attestations} ${attestations === 1 ? 'attestation' : 'attestations'}`;
  const unreadable = malformed === 0 ? '' : `, ${malformed} of them unreadable`;
  const counted = total === 0 ? 'no signature' : `${total} ${total === 1 ? 'signature' : 'signatures'}`;
  return `${counted}${unreadable}${others}${isCut ? ' among more artifacts than are looked at' : ''}`;
}

/**
 * The keys that untrusted signatures name for themselves: hex by construction, so nothing of a registry's own wording.
 */
function namedKeys(judgements: readonly Judgement[]): string {
  const keys = new Set(
    judgements.flatMap((each) => (each.kind === 'unknown-key' ? [each.namedKey ?? []].flat() : [])),
  );
  return keys.size === 0
    ? ', none by a key that the rule trusts'
    : `, naming ${[...keys].map(shorten).join(', ')}`;
}

function expectedSigners({ quorum }: Examination): string {
  const names = quorum.roots.map((root) => describe(root, quorum.roots.length === 1));
  return quorum.roots.length === 1
    ? `a signature by ${names.join('')}`
    : `${quorum.threshold} of ${names.join(', ')}`;
}

function describe({ name, key }: TrustRoot, isOnly: boolean): string {
  return `${name} ${isOnly ? key.fingerprint : shorten(key.fingerprint)}`;
}

/** The command that makes the missing signature, with the signer who has not signed yet. */
function nextStep({ quorum, signers }: Examination, pinned: ImageReference): string {
  const missing = quorum.roots.find(({ name }) => !signers.has(name)) ?? quorum.roots[0];
  const command = `cosign sign --key <key of ${missing?.name ?? 'a trust root'}> `;
  const target = `${pinned.repository}@${pinned.digest ?? ''}`;
  return command.length + target.length <= MAX_CHARACTERS
    ? command + target
    : `${command}<the image by its digest>`;
}

function shorten(fingerprint: Fingerprint): string {
  return `${fingerprint.slice(0, 'SHA256:'.length + 16)}…`;
}

function fit(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1)}…`;
}
