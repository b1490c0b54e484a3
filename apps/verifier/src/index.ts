export { type RunningVerifier, startVerifier } from './start-verifier.js';
export type { VerifierOptions } from './verifier-options.js';
