import { RegistryError, type RegistryReason } from './error.js';
import type { HttpAnswer } from './http-transport.js';
import type { RegistryLimit } from './limits.js';
import { retryAfterOf } from './retry.js';
import { TransportError } from './transport-error.js';
import { BudgetSpentError } from './verification-budget.js';

/** What a status means that is not the success we asked for: first row that fits. */
const MEANINGS: readonly (readonly [from: number, to: number, reason: RegistryReason, sentence: string])[] = [
  [300, 399, 'refused-by-policy', 'sent us to an address that we do not follow for'],
  [401, 401, 'unauthorized', 'wants credentials that it accepts for'],
  [403, 403, 'unauthorized', 'does not permit us to read'],
  [404, 404, 'not-found', 'does not have'],
  [429, 429, 'rate-limited', 'limits our requests for'],
  [500, 599, 'unreachable', 'had a fault of its own when asked for'],
];

/** The error for an answer that is no success; `what` is in our own or the user's words. */
export function errorOfAnswer(
  answer: HttpAnswer,
  host: string,
  what: string,
  now: () => number,
): RegistryError {
  const meaning = MEANINGS.find(([from, to]) => answer.status >= from && answer.status <= to);
  const [, , reason, sentence] = meaning ?? [0, 0, 'malformed' as const, 'gave no usable answer for'];
  return new RegistryError(reason, host, `${sentence} ${what} (HTTP ${answer.status})`, {
    retryAfterMs: retryAfterOf(answer, now),
  });
}

/** What the transport threw, as the registry's error; anything else stays what it is. */
export function toRegistryError(error: unknown, host: string, what: string, bound?: RegistryLimit): unknown {
  if (error instanceof BudgetSpentError) {
    return new RegistryError('too-large', host, `${what}: ${error.message}`, {
      limit: error.limit,
      cause: error,
    });
  }
  if (!(error instanceof TransportError)) return error;
  const limit = error.reason === 'too-large' ? bound : undefined;
  return new RegistryError(error.reason, host, `${what}: ${error.sentence}`, { limit, cause: error });
}
