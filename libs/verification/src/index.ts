export { createValidators, type ValidatorDependencies } from './create-validators.js';
export { CurrentEngine, type CurrentEngineOptions } from './current-engine.js';
export { type BoundRule, type ValidatorSet, VerificationEngine } from './engine.js';
export { namedHosts } from './named-hosts.js';
export { readIfPresent } from './read-if-present.js';
export { type EngineOptions, openEngine } from './open-engine.js';
export { type Question, questionKey } from './question.js';
export { SharedProofs, type StoreLimits, type VerdictStore } from './shared-proofs.js';
export { SingleFlight, withSignal } from './single-flight.js';
export {
  cacheEntries,
  type CachePolicy,
  type LivingVerdict,
  PROOF_MAX_MS,
  PROOF_MIN_MS,
  proofLifeMs,
  REFUSAL_MAX_MS,
  tagLifeMs,
  VerdictCache,
} from './verdict-cache.js';
export { verdictOf } from './verdict-of.js';
