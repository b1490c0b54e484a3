import { createHash } from 'node:crypto';

import type { Configuration, RuleConfig, ValidatorConfig } from '#config';
import type { Verdict } from '#contracts';
import type { ImageReference } from '#image-ref';
import { compilePolicy, type Explanation, type Policy } from '#policy';
import type { CredentialSource, PullCredential } from '#registry';
import { type RuleCheck, Trace, UndecidedError, type Validator, ValidatorSetupError } from '#validator';

import { admittedVerdict, verdictOf } from './verdict-of.js';

/** Scopes that an engine keeps open; a forgotten one costs its tokens. */
const MAX_SCOPES = 32;

/** A rule with what it needs to be applied, or the reason why this version cannot apply it. */
export type BoundRule = {
  readonly rule: RuleConfig;
  readonly validator: { readonly name: string; readonly type: string };
} & (
  | { readonly kind: 'check'; readonly check: RuleCheck }
  | { readonly kind: 'fault'; readonly fault: ValidatorSetupError }
);

/** The validators of a configuration, and what beside it their verdicts depend on. */
export interface ValidatorSet {
  readonly validators: ReadonlyMap<string, Validator | ValidatorSetupError>;
  /** Names of the credentials in use, without the credentials: part of the trust revision. */
  readonly credentialScopes: readonly string[];
  /** The configured credentials of the validators that look into the image's own registry. Default: there are none such. */
  readonly registryCredentials?: ReadonlyMap<string, CredentialSource>;
}

/** What a verdict is bound to where an object's own credentials may have been used (design rule 3). */
export function scopedTrustRevision(trustRevision: string, pullScope: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['pull', trustRevision, pullScope]))
    .digest('hex');
}

/**
 * One configuration, ready to verify: one image under one rule gives one verdict. Immutable; a new configuration is a
 * new engine.
 */
export class VerificationEngine {
  readonly configuration: Configuration;
  /** Revision of validators, registries and credentials. */
  readonly trustRevision: string;
  readonly #registryCredentials: ReadonlyMap<string, CredentialSource>;
  readonly #policy: Policy<RuleConfig>;
  readonly #rules: ReadonlyMap<string, BoundRule>;
  readonly #clock: () => Date;
  readonly #onFault: (error: unknown) => void;
  readonly #openWithin: ((pull: PullCredential) => VerificationEngine) | undefined;
  readonly #scoped = new Map<string, VerificationEngine>();

  constructor(
    configuration: Configuration,
    set: ValidatorSet,
    options: {
      clock: () => Date;
      onFault: (error: unknown) => void;
      /** Where this engine has credentials of one object: their scope. */
      pullScope?: string | undefined;
      /** The same configuration with credentials of one object. */
      openWithin?: ((pull: PullCredential) => VerificationEngine) | undefined;
    },
  ) {
    this.configuration = configuration;
    const trustRevision = createHash('sha256')
      .update(JSON.stringify([configuration.trustRevision, set.credentialScopes]))
      .digest('hex');
    const { pullScope } = options;
    this.trustRevision =
      pullScope === undefined ? trustRevision : scopedTrustRevision(trustRevision, pullScope);
    this.#registryCredentials = set.registryCredentials ?? new Map();
    this.#policy = compilePolicy(configuration.policy, configuration.features.patternMatching);
    this.#rules = new Map(
      configuration.policy.map((rule) => [rule.hash, bind(rule, configuration.validators, set)]),
    );
    this.#clock = options.clock;
    this.#onFault = options.onFault;
    this.#openWithin = options.openWithin;
  }

  /** The engine for questions with these credentials of an object: the same rules, with tokens and verdicts of its own. */
  within(pull: PullCredential | undefined): VerificationEngine {
    if (pull === undefined || this.#openWithin === undefined) return this;
    const known = this.#scoped.get(pull.scopeId);
    const engine = known ?? this.#openWithin(pull);
    // The one that was asked last goes last, so that the first is the one to forget.
    this.#scoped.delete(pull.scopeId);
    this.#scoped.set(pull.scopeId, engine);
    const [oldest] = this.#scoped.keys();
    if (this.#scoped.size > MAX_SCOPES && oldest !== undefined) this.#scoped.delete(oldest);
    return engine;
  }

  /** False where the namespace makes no difference to any image. */
  get readsNamespace(): boolean {
    return this.#policy.readsNamespace;
  }

  /** The rule that governs an image in a namespace; `undefined` where none matches (CNS-1001). */
  govern(image: ImageReference, namespace?: string): BoundRule | undefined {
    const match = this.#policy.match(image, namespace);
    return match === undefined ? undefined : this.#rules.get(match.rule.hash);
  }

  /** Every rule that matches in a namespace and why the winner won. */
  explain(image: ImageReference, namespace?: string): Explanation<RuleConfig> {
    return this.#policy.explain(image, namespace);
  }

  /** The rule of this hash, if this configuration has it. */
  rule(hash: string): BoundRule | undefined {
    return this.#rules.get(hash);
  }

  /**
   * True where credentials that an object brings along could matter: the rule's validator looks into the image's registry,
   * and nothing is configured for that place.
   */
  lacksCredentials(image: ImageReference, { validator }: BoundRule): boolean {
    const configured = this.#registryCredentials.get(validator.name);
    return configured !== undefined && !configured.covers(image);
  }

  /** The verdict for one image under one rule. Never throws: what goes wrong is an undecided verdict. */
  async verify(image: ImageReference, bound: BoundRule, signal: AbortSignal): Promise<Verdict> {
    const started = performance.now();
    const trace = new Trace();
    const tookMs = (): number => Math.round((performance.now() - started) * 1000) / 1000;
    try {
      if (bound.kind === 'fault') throw bound.fault;
      signal.throwIfAborted();
      const proof = await bound.check.check(image, { now: this.#clock(), signal, trace });
      assertProves(image, bound.check, proof.digest);
      return admittedVerdict(bound.check, proof, trace.steps, tookMs());
    } catch (error) {
      const verdict = verdictOf(signal.aborted ? signal.reason : error, trace.steps, tookMs());
      if (verdict.outcome === 'undecided' && verdict.code === 'CNS-3004') this.#onFault(error);
      return verdict;
    }
  }
}

/** A second look at the one thing that matters: a proof names the digest that was asked for, and a verified one has it. */
function assertProves(image: ImageReference, check: RuleCheck, digest: string | undefined): void {
  if (
    digest === undefined ? check.ground === 'verified' : image.digest !== undefined && image.digest !== digest
  ) {
    throw new UndecidedError(
      'CNS-3004',
      'the validator proved another digest than the one that was asked for',
    );
  }
}

function bind(rule: RuleConfig, validators: readonly ValidatorConfig[], set: ValidatorSet): BoundRule {
  const type = validators.find(({ name }) => name === rule.validator)?.type ?? 'unknown';
  const named = { rule, validator: { name: rule.validator, type } };
  const validator = set.validators.get(rule.validator);
  if (validator === undefined || validator instanceof ValidatorSetupError) {
    const fault = validator ?? new ValidatorSetupError(`there is no validator "${rule.validator}"`);
    return { ...named, kind: 'fault', fault };
  }
  try {
    return { ...named, kind: 'check', check: validator.bind(rule.with) };
  } catch (error) {
    if (error instanceof ValidatorSetupError) return { ...named, kind: 'fault', fault: error };
    throw error;
  }
}
