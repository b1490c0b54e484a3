import type { Verdict } from '#contracts';

/**
 * Undecided answers of a verifier that another look from here can better; a rate limit is not among them. CNS-3001 is:
 * the rule can be applied here, so it is that verifier that lacks something, such as a secret.
 */
const WORTH_A_LOOK = new Set([
  'CNS-2003',
  'CNS-2004',
  'CNS-2006',
  'CNS-2007',
  'CNS-3001',
  'CNS-3002',
  'CNS-3004',
]);

/** True where a look of our own may say more than a verifier did. */
export function isWorthALook(verdict: Verdict): boolean {
  return verdict.outcome === 'undecided' && WORTH_A_LOOK.has(verdict.code);
}

/** It ends this long before the admission that started it, so that the verifier's reason is still told, ms. */
const TELLING_MS = 250;
/** Others may have joined who have more time than who began. */
const LEAST_MS = 2_000;
const MOST_MS = 25_000;

/** Until when we look ourselves after a verifier could not; `leftMs` is what the admission that asked has left. */
export function timeForASecondOpinion(leftMs: number, signal: AbortSignal): AbortSignal {
  const ms = Math.min(MOST_MS, Math.max(LEAST_MS, Math.floor(leftMs) - TELLING_MS));
  return AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}
