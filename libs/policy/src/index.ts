export { compilePolicy, type Explanation, type MatchedPattern, type Policy, type PolicyFinding } from './policy.js';
export type { PatternMatching } from './pattern.js';
export { PatternError } from './error.js';
