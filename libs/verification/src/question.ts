import type { ImageReference } from '#image-ref';
import type { PullCredential } from '#registry';

/** One image under one rule of one configuration: what a verdict answers, and what it is cached and shared by. */
export interface Question {
  readonly image: ImageReference;
  /** The rule's hash: pattern, options and validator with its trust roots. */
  readonly rule: string;
  /** `trustRevision` of the asker's configuration (validators, registries); a verifier with another one does not answer. */
  readonly revision: string;
  /** Revision of validators, registries and credentials: what a cached verdict is bound to beside the rule. */
  readonly trustRevision: string;
  /**
   * What the object brought along for this image's registry. It stays in this process; its scope is in the trust revision, so
   * that a verdict found with it answers for nobody else.
   */
  readonly pull?: PullCredential;
}

/**
 * The key of a question (design rule 3): rule, trust, repository and identifier; a digest stands for itself, a tag for
 * what it resolved to a short while ago. No part can contain a newline, so no two questions share a key.
 */
export function questionKey(question: Question, readsTag: boolean): string {
  const { image, rule, trustRevision } = question;
  const tag = image.digest === undefined || readsTag ? (image.tag ?? '') : '';
  return `${rule}\n${trustRevision}\n${image.repository}\n${tag}\n${image.digest ?? ''}`;
}
