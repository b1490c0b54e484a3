/** What is wrong with a reference: one word per rule of the grammar, so that callers and tests need no text. */
export type ImageReferenceFault =
  | 'empty'
  | 'too-long'
  | 'not-ascii'
  | 'character'
  | 'scheme'
  | 'user-info'
  | 'host'
  | 'port'
  | 'path'
  | 'upper-case'
  | 'tag'
  | 'digest'
  | 'digest-algorithm'
  | 'image-id';

/** The text is not an image reference that a container runtime would pull. Becomes CNS-1010. */
export class ImageReferenceError extends Error {
  override readonly name = 'ImageReferenceError';
  readonly code = 'CNS-1010';
  readonly fault: ImageReferenceFault;

  constructor(fault: ImageReferenceFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
