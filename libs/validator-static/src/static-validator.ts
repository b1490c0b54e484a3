import type { ImageReference } from '#image-ref';
import { type CheckContext, type Proof, RefusedError, type RuleCheck, Validator } from '#validator';

/** What this validator needs of its configuration. */
export interface StaticValidatorConfig {
  readonly name: string;
  readonly approve: boolean;
}

/**
 * Admits or refuses every image by configuration alone; never looks at the network, and its ground is never `verified`.
 */
export class StaticValidator extends Validator {
  readonly type = 'static';
  readonly name: string;
  readonly #approve: boolean;

  constructor({ name, approve }: StaticValidatorConfig) {
    super();
    this.name = name;
    this.#approve = approve;
  }

  bind(): RuleCheck {
    return {
      ground: 'static',
      readsTag: false,
      // Async, so that a refusal is a rejection and never a throw.
      check: async (image, context) => this.#decide(image, context),
    };
  }

  #decide(image: ImageReference, { trace }: CheckContext): Proof {
    trace.add({
      step: 'static',
      ok: this.#approve,
      text: this.#approve ? 'the rule admits without a signature' : 'the rule refuses',
    });
    if (this.#approve) return { digest: image.digest };
    throw new RefusedError('CNS-1002', `validator "${this.name}" refuses every image`, {
      expected: `another image: validator "${this.name}" has approve: false`,
    });
  }
}
