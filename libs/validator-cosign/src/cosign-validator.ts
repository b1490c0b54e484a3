import type { Digest, ImageReference } from '#image-ref';
import {
  type CheckContext,
  type Proof,
  RefusedError,
  type RuleCheck,
  type RuleOptions,
  Validator,
} from '#validator';

import { type CosignRule, Examination } from './examination.js';
import type { LogKey } from './log-keys.js';
import { lookEverywhere } from './look-everywhere.js';
import { resolveQuorum } from './quorum.js';
import { refusalOf } from './refusal.js';
import type { SignatureSource } from './signature-source.js';
import { type TrustRootConfig, TrustRoots } from './trust-root.js';

/** What this validator needs of its configuration. */
export interface CosignValidatorConfig {
  readonly name: string;
  readonly trustRoots: readonly TrustRootConfig[];
}

export interface CosignDependencies {
  readonly source: SignatureSource;
  /** See `logKeysFor`. Used by rules that ask for a log. */
  readonly logKeys: readonly LogKey[];
}

/**
 * Admits images that enough of a rule's trust roots have signed with cosign, in any of its formats, and nothing else.
 */
export class CosignValidator extends Validator {
  readonly type = 'cosign';
  readonly name: string;
  readonly #trustRoots: TrustRoots;
  readonly #source: SignatureSource;
  readonly #logKeys: readonly LogKey[];

  /** Throws ValidatorSetupError for a key that is none. */
  constructor(config: CosignValidatorConfig, { source, logKeys }: CosignDependencies) {
    super();
    this.name = config.name;
    this.#trustRoots = new TrustRoots(config.name, config.trustRoots);
    this.#source = source;
    this.#logKeys = logKeys;
  }

  bind(options: RuleOptions): RuleCheck {
    const rule: CosignRule = {
      quorum: resolveQuorum(options, this.#trustRoots),
      logs: options.verifyInTransparencyLog ? this.#logKeys : undefined,
    };
    return {
      ground: 'verified',
      readsTag: false,
      check: (image, context) => this.#check(rule, image, context),
    };
  }

  async #check(rule: CosignRule, image: ImageReference, context: CheckContext): Promise<Proof> {
    const { trace, signal } = context;
    const source = this.#source.forOneVerification();
    const subject = await resolveDigest(source, image, context);
    const examination = new Examination(rule, subject, context);
    await lookEverywhere({ source, repository: image, subject, signal }, examination);
    signal.throwIfAborted();
    const { signers, quorum, isReached } = examination;
    trace.add({ step: 'threshold', ok: isReached, text: `${signers.size} of ${quorum.threshold} signers` });
    if (!isReached) throw refusalOf(examination, image.withDigest(subject));
    return { digest: subject };
  }
}

/** The digest that the reference names, or that of the manifest which its tag names now: computed from its bytes. */
async function resolveDigest(
  source: SignatureSource,
  image: ImageReference,
  { trace, signal }: CheckContext,
): Promise<Digest> {
  if (image.digest !== undefined) return image.digest;
  const manifest = await source.manifest(image, image.tag ?? 'latest', signal);
  const digest = manifest?.digest;
  trace.add({
    step: 'resolve-digest',
    ok: digest !== undefined,
    text: `the tag names ${digest ?? 'nothing'}`,
  });
  if (digest !== undefined) return digest;
  throw new RefusedError('CNS-1011', 'the registry does not have this image');
}
