export { assertPattern, compilePolicy, type Policy } from './policy.js';
export type { Explanation, MatchedPattern } from './explain.js';
export type { LintOptions, PolicyFinding } from './lint.js';
export type { PatternMatching } from './pattern.js';
export { NamespaceNames } from './namespaces.js';
export { PatternError, type PatternFault } from './error.js';
