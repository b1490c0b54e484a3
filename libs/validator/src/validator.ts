import type { Digest, ImageReference } from '#image-ref';

import type { Evidence, Trace } from './trace.js';

/** A rule's `with` block, complete: defaults are filled in by the configuration. Names are Connaisseur's. */
export interface RuleOptions {
  /** A trust root's name, or `*` for all. */
  readonly trustRoot: string;
  readonly mode: 'mutate' | 'insecureValidateOnly';
  readonly threshold?: number;
  readonly required?: readonly string[];
  readonly delegations?: readonly string[];
  readonly verifyInTransparencyLog: boolean;
  readonly verifySCT: boolean;
  readonly verificationLevel: 'strict' | 'permissive' | 'audit';
  readonly verifyTimestamp: 'always' | 'afterCertExpiry';
}

/** What a check may use beside the image: one time for the whole verification, a deadline, and a place for evidence. */
export interface CheckContext {
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly trace: Trace;
}

/** Proven: this digest may run under this rule. */
export interface Proof {
  /** Computed by us from bytes that we fetched, or the reference's own for a static rule; absent only for a static rule on a tag. */
  readonly digest: Digest | undefined;
  /** End of the proof's life, milliseconds since the epoch (certificate, metadata or rule lifetimes). */
  readonly notAfter?: number;
}

/** One rule bound to one validator. Trust roots are resolved, thresholds are checked; what cannot hold did not construct. */
export interface RuleCheck {
  /** `static` looks at nothing and is never cached. */
  readonly ground: 'verified' | 'static';
  /** The tag is part of the proof (notaryv1), so it is part of the cache key. */
  readonly readsTag: boolean;
  /** Resolves to the proof; throws RefusedError or UndecidedError; a RegistryError may pass through. */
  check(image: ImageReference, context: CheckContext): Promise<Proof>;
}

/** The port that every validator implements. A new kind is a folder, a row in the table and a line in create-validators.ts. */
export abstract class Validator {
  abstract readonly name: string;
  abstract readonly type: 'static' | 'cosign' | 'notaryv1' | 'notation';
  /** Resolves what a rule asks; throws ValidatorSetupError where this validator cannot do it. */
  abstract bind(options: RuleOptions): RuleCheck;
}

export type { Evidence };
