import type { DecidedImage, DecisionRecord } from '#contracts';
import { counterIn } from '#observability';
import type { Counter, Registry } from 'prom-client';

import { type Counted, Tally } from './tally.js';

type Validator = 'type' | 'validator_name';
const VALIDATOR: Validator[] = ['type', 'validator_name'];

/** Connaisseur's words for why a validation was not needed. */
const SKIP_REASONS = new Map([
  ['cached', 'cache hit'],
  ['unchanged', 'unchanged image reference'],
  ['child', 'automatic approval of child image reference'],
]);

/** What the counters of images tell apart. */
interface ImageKind {
  readonly labels: Readonly<Record<Validator, string>>;
  readonly isAdmitted: boolean;
  readonly isTimeout: boolean;
  readonly reason: string | undefined;
}

/**
 * Connaisseur's eight counters by their names and labels. They are those of `/mutate`, so that two webhooks do not count
 * twice. No label holds the name of an image or a namespace.
 */
export class ConnaisseurCounters {
  readonly requests: Counter;
  readonly #admitted: Counter;
  readonly #denied: Counter<'timeout'>;
  readonly #validations: Counter<Validator | 'result'>;
  readonly #successful: Counter<Validator>;
  readonly #failed: Counter<Validator>;
  readonly #skipped: Counter<Validator | 'reason'>;
  readonly #timeouted: Counter<Validator>;
  readonly #images = new Tally<ImageKind>();
  /** A remembered image is the same value in every record. */
  readonly #known = new WeakMap<DecidedImage, Counted>();

  constructor(registry: Registry) {
    const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
      counterIn(registry, { name: `connaisseur_${name}`, help, labelNames, collect: () => this.#handOn() });
    this.requests = counter('requests_total', 'Calls of /mutate', []);
    this.#admitted = counter('requests_admitted_total', 'Requests that /mutate admitted', []);
    this.#denied = counter('requests_denied_total', 'Requests that /mutate denied', ['timeout']);
    this.#validations = counter('validations_total', 'Validated images', [...VALIDATOR, 'result']);
    this.#successful = counter('validations_successful_total', 'Images that were admitted', VALIDATOR);
    this.#failed = counter('validations_failed_total', 'Images that were not admitted', VALIDATOR);
    this.#skipped = counter('validations_skipped_total', 'Validations that were not needed', [
      ...VALIDATOR,
      'reason',
    ]);
    this.#timeouted = counter('validations_timeouted_total', 'Validations that ran out of time', VALIDATOR);
  }

  observe(record: DecisionRecord): void {
    if (record.phase !== 'mutate') return;
    if (record.allowed) this.#admitted.inc();
    // Without a uid there was no AdmissionReview: an HTTP error is no verdict.
    else if (record.uid !== '') this.#denied.inc({ timeout: String(record.result === 'timeout') });
    for (const image of record.images) this.#observeImage(image);
  }

  #observeImage(image: DecidedImage): void {
    let counted = this.#known.get(image);
    if (counted === undefined) {
      counted = this.#countOf(image);
      this.#known.set(image, counted);
    }
    counted.count += 1;
  }

  #countOf({ validator, outcome, code, cached, ground }: DecidedImage): Counted {
    const { type = 'unknown', name = '' } = validator ?? {};
    const isTimeout = code === 'CNS-2006';
    const skipped = cached === true ? 'cached' : (ground ?? '');
    return this.#images.counted(`${type}\n${name}\n${outcome} ${isTimeout} ${skipped}`, () => ({
      labels: { type, validator_name: name },
      isAdmitted: outcome === 'admitted',
      isTimeout,
      reason: SKIP_REASONS.get(skipped),
    }));
  }

  #handOn(): void {
    this.#images.drain(({ labels, isAdmitted, isTimeout, reason }, count) => {
      this.#validations.inc({ ...labels, result: isAdmitted ? 'success' : 'error' }, count);
      (isAdmitted ? this.#successful : this.#failed).inc(labels, count);
      if (isTimeout) this.#timeouted.inc(labels, count);
      if (reason !== undefined) this.#skipped.inc({ ...labels, reason }, count);
    });
  }
}
