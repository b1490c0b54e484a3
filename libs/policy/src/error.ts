/** What is wrong with a pattern: one word per rule of the grammar. */
export type PatternFault =
  | 'empty'
  | 'too-long'
  | 'not-ascii'
  | 'character'
  | 'ambiguous-host'
  | 'host'
  | 'port'
  | 'path'
  | 'upper-case'
  | 'tag'
  | 'digest';

/** The pattern of a rule cannot be used. Found when the policy is compiled, never while an image is judged. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly reason: PatternFault;

  constructor(reason: PatternFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
