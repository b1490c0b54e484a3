import { Glob } from './glob.js';

/** A set of namespaces by name; `*` in a name stands for any run of characters. Never has the empty name in it. */
export class NamespaceNames {
  readonly #names: readonly Glob[];

  constructor(patterns: readonly string[]) {
    this.#names = patterns.map((pattern) => new Glob(pattern));
  }

  has(namespace: string): boolean {
    return namespace !== '' && this.#names.some((name) => name.matches(namespace));
  }

  /** True only where everything that `other` has is in here too. */
  covers(other: NamespaceNames): boolean {
    return other.#names.every((theirs) => this.#names.some((ours) => ours.covers(theirs)));
  }
}

/** What a rule may say about where it holds. */
export interface Limited {
  /** Names of namespaces; absent: everywhere. */
  readonly namespaces?: readonly string[] | undefined;
}

/** In which namespaces the rules of a policy hold. */
export class RuleReach {
  readonly #names: readonly (NamespaceNames | undefined)[];
  /** False where every rule holds everywhere, so that nobody need ask. */
  readonly isLimited: boolean;

  constructor(rules: readonly Limited[]) {
    this.#names = rules.map(({ namespaces }) =>
      namespaces === undefined ? undefined : new NamespaceNames(namespaces),
    );
    this.isLimited = this.#names.some((names) => names !== undefined);
  }

  /** True where the rule at this place holds in the namespace. A rule with namespaces never holds outside of all. */
  holds(index: number, namespace: string): boolean {
    return this.#names[index]?.has(namespace) ?? true;
  }

  /** True only where the one rule holds wherever the other one does. */
  covers(index: number, other: number): boolean {
    const [ours, theirs] = [this.#names[index], this.#names[other]];
    return ours === undefined || (theirs !== undefined && ours.covers(theirs));
  }
}
