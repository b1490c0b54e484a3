import type { Digest } from '#image-ref';
import type { CheckContext, Evidence } from '#validator';

import type { Place } from './find-signatures.js';
import type { Candidate } from './found-signature.js';
import { type Judgement, judgeSignature, type Standard } from './judge-signature.js';
import type { LogKey } from './log-keys.js';
import type { Visitor } from './look-everywhere.js';
import { isReached, type Quorum } from './quorum.js';

/** As evidence on the bus has it. */
const MAX_NAME_CHARACTERS = 128;

/** A rule in terms of cosign: who must have signed, and the logs that must have it, if any. */
export interface CosignRule {
  readonly quorum: Quorum;
  readonly logs: readonly LogKey[] | undefined;
}

/**
 * The signatures of one image under one rule: judges each as it is found, counts each signer once, and writes down the
 * evidence.
 */
export class Examination implements Visitor {
  readonly quorum: Quorum;
  readonly #standard: Standard;
  readonly #context: CheckContext;
  readonly #judgements: Judgement[] = [];
  #malformed = 0;
  #attestations = 0;
  #isCut = false;

  constructor({ quorum, logs }: CosignRule, subject: Digest, context: CheckContext) {
    this.quorum = quorum;
    this.#standard = { subject, roots: quorum.roots, logs, now: context.now };
    this.#context = context;
  }

  get judgements(): readonly Judgement[] {
    return this.#judgements;
  }

  /** Signatures that could not be read. */
  get malformed(): number {
    return this.#malformed;
  }

  get attestations(): number {
    return this.#attestations;
  }

  /** There were more than we look at. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Names of the trust roots whose signature is valid, of this image, and logged where the rule asks for it. */
  get signers(): ReadonlySet<string> {
    return new Set(this.#judgements.flatMap((each) => (each.kind === 'verified' ? [each.root.name] : [])));
  }

  get isReached(): boolean {
    return isReached(this.quorum, this.signers);
  }

  async visit(candidate: Candidate): Promise<boolean> {
    switch (candidate.kind) {
      case 'signature':
        this.#record(await judgeSignature(candidate.signature, this.#standard));
        break;
      case 'malformed':
        this.#malformed += 1;
        this.#add({
          step: 'verify-signature',
          ok: false,
          text: 'a signature that cannot be read',
          format: candidate.format,
        });
        break;
      case 'attestation':
        this.#attestations += 1;
        break;
      case 'too-many':
        this.#isCut = true;
        break;
    }
    return this.isReached;
  }

  ended({ name }: Place, failure: unknown): void {
    this.#add({
      step: 'fetch-signatures',
      ok: failure === undefined,
      text: failure === undefined ? `looked at ${name}` : `could not look at ${name}`,
    });
  }

  #record(judgement: Judgement): void {
    this.#judgements.push(judgement);
    const { format } = judgement;
    if (judgement.kind === 'unknown-key') {
      this.#add({
        step: 'verify-signature',
        ok: false,
        text: 'a signature by none of the trusted keys',
        format,
      });
      return;
    }
    const by = {
      trustRoot: judgement.root.name.slice(0, MAX_NAME_CHARACTERS),
      key: judgement.root.key.fingerprint,
      format,
    };
    this.#add({ step: 'verify-signature', ok: true, text: 'a valid signature by a trusted key', ...by });
    const isOurs = judgement.kind !== 'other-digest';
    const claim = isOurs
      ? 'it vouches for this image'
      : `it vouches for ${judgement.digest} and not for this image`;
    this.#add({ step: 'verify-claims', ok: isOurs, text: claim, ...by });
    if (judgement.kind === 'unlogged')
      this.#add({ step: 'verify-log', ok: false, text: judgement.error.message, ...by });
    if (judgement.kind !== 'verified' || judgement.log === undefined) return;
    const { logIndex, logTime } = judgement.log;
    const time = logTime === undefined ? {} : { logTime };
    this.#add({
      step: 'verify-log',
      ok: true,
      text: 'a trusted transparency log has it',
      ...by,
      logIndex,
      ...time,
    });
  }

  #add(evidence: Evidence): void {
    this.#context.trace.add(evidence);
  }
}
