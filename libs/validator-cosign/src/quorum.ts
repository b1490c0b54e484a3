import { type RuleOptions, ValidatorSetupError } from '#validator';

import type { TrustRoot, TrustRoots } from './trust-root.js';

const ALL = '*';

/** Who must have signed: `threshold` different ones of `roots`, among them all of `required`. */
export interface Quorum {
  readonly roots: readonly TrustRoot[];
  readonly threshold: number;
  readonly required: ReadonlySet<string>;
}

type QuorumOptions = Pick<RuleOptions, 'trustRoot' | 'threshold' | 'required'>;

/**
 * What a rule's `trustRoot`, `threshold` and `required` mean (Connaisseur's table; counted are trust roots, not
 * signatures). Throws {@link ValidatorSetupError} for a quorum that can never be reached.
 *
 * | trustRoot | threshold | required | looked at | must have signed            |
 * | a name    | 0, 1, -   | -        | that one  | that one                    |
 * | a name    | 0, 1, -   | that one | that one  | that one                    |
 * | *         | 0, -      | -        | all       | all                         |
 * | *         | t         | -        | all       | t of them                   |
 * | *         | 0, -      | R        | R         | all of R                    |
 * | *         | t ≤ |R|   | R        | R         | all of R                    |
 * | *         | t > |R|   | R        | all       | t of them, among them all R |
 */
export function resolveQuorum(options: QuorumOptions, trustRoots: TrustRoots): Quorum {
  const required = new Set(options.required);
  const wanted = wantedThreshold(options.threshold);
  const names = namesToLookAt(options.trustRoot, wanted, required, trustRoots);
  const roots = trustRoots.select(names);
  const threshold = Math.max(wanted ?? (required.size === 0 ? roots.length : required.size), required.size);
  if (roots.length === 0) throw new ValidatorSetupError('expected at least one trust root');
  if (threshold > roots.length) {
    throw new ValidatorSetupError(
      `threshold ${threshold} can never be reached with ${roots.length} trust root(s)`,
    );
  }
  return { roots, threshold, required };
}

/** 0 is Connaisseur's word for "not set". */
function wantedThreshold(threshold: number | undefined): number | undefined {
  if (threshold === undefined || threshold === 0) return undefined;
  if (Number.isSafeInteger(threshold) && threshold > 0) return threshold;
  throw new ValidatorSetupError(`expected threshold to be a whole number, got ${threshold}`);
}

function namesToLookAt(
  trustRoot: string,
  threshold: number | undefined,
  required: ReadonlySet<string>,
  trustRoots: TrustRoots,
): readonly string[] {
  if (trustRoot !== ALL) {
    const foreign = [...required].find((name) => name !== trustRoot);
    if (foreign === undefined) return [trustRoot];
    throw new ValidatorSetupError(`required "${foreign}" can never sign where trustRoot is "${trustRoot}"`);
  }
  // Named before they are counted, so that a name that does not exist is said to be that.
  trustRoots.select([...required]);
  return required.size > 0 && (threshold ?? 0) <= required.size ? [...required] : trustRoots.names;
}

/** True where those who signed are enough. */
export function isReached(quorum: Quorum, signers: ReadonlySet<string>): boolean {
  return signers.size >= quorum.threshold && [...quorum.required].every((name) => signers.has(name));
}
