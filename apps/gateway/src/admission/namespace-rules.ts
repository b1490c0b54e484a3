import type { NamespaceStanding } from '#admission';
import type { Features, LabelSelector } from '#config';
import { NamespaceNames } from '#policy';

import { selects } from './label-selector.js';

/** Labels of a namespace as the API server has them; nothing where they could not be read. */
export type LabelsOf = (
  namespace: string,
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, string> | undefined>;

/**
 * What a configuration says about namespaces. By name without asking anybody; a label is read from the namespace object,
 * never from the request, and only for detection mode. Nobody is exempt here by a label: the webhook configuration keeps
 * such requests away, and what arrives all the same is validated.
 */
export class NamespaceRules {
  readonly #mode: 'ignore' | 'validate';
  readonly #validated: NamespaceNames | undefined;
  readonly #detectOnly: NamespaceNames | undefined;
  readonly #selector: LabelSelector | undefined;

  constructor({ namespacedValidation, insecureDetectOnlyIn }: Features) {
    this.#mode = namespacedValidation?.mode ?? 'ignore';
    this.#validated = namesOf(namespacedValidation?.namespaces);
    this.#detectOnly = namesOf(insecureDetectOnlyIn?.namespaces);
    this.#selector = insecureDetectOnlyIn?.namespaceSelector;
  }

  /** At once where names decide. Labels that could not be read select nothing: then it is enforced. */
  standingOf(
    namespace: string,
    labelsOf: LabelsOf,
    signal: () => AbortSignal,
  ): NamespaceStanding | Promise<NamespaceStanding> {
    const selector = this.#selector;
    if (this.#isIgnored(namespace)) return IGNORED;
    if (this.#detectOnly?.has(namespace) === true) return DETECT_ONLY;
    if (selector === undefined || namespace === '') return ENFORCED;
    return labelsOf(namespace, signal()).then((labels) =>
      labels !== undefined && selects(selector, labels) ? DETECT_ONLY : ENFORCED,
    );
  }

  #isIgnored(namespace: string): boolean {
    if (this.#validated === undefined || namespace === '') return false;
    return this.#validated.has(namespace) === (this.#mode === 'ignore');
  }
}

/** Nothing is said about the namespace. */
export const ENFORCED: NamespaceStanding = { isIgnored: false, isDetectOnly: false };
const DETECT_ONLY: NamespaceStanding = { isIgnored: false, isDetectOnly: true };
const IGNORED: NamespaceStanding = { isIgnored: true, isDetectOnly: false };

function namesOf(names: readonly string[] | undefined): NamespaceNames | undefined {
  return names === undefined ? undefined : new NamespaceNames(names);
}
