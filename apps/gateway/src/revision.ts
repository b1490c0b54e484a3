import type { ImageDrivers } from '#admission';
import type { Configuration } from '#config';
import type { ImageReference } from '#image-ref';
import { parseImageReference } from '#image-ref';
import { type BoundRule, type Question, questionKey, type VerificationEngine } from '#verification';

import { NamespaceRules } from './admission/namespace-rules.js';
import { weakeningsOf } from './weakenings.js';

/** What one written image means under one configuration; the same text means the same as long as that serves. */
export type GovernedImage =
  | {
      readonly kind: 'governed';
      readonly image: ImageReference;
      readonly bound: BoundRule;
      readonly question: Question;
      /** What the question's verdict is remembered under. */
      readonly key: string;
    }
  | { readonly kind: 'no-rule'; readonly image: ImageReference }
  | { readonly kind: 'malformed'; readonly error: unknown };

const REMEMBERED = 10_000;
/** Longer texts are no references, and are not kept: their size is whatever a user likes. */
const MAX_REMEMBERED_TEXT = 1_024;

/** One configuration at work: a decision takes one of these and keeps it to its end (design rule 8). */
export class Revision {
  readonly configuration: Configuration;
  readonly engine: VerificationEngine;
  /** What is said about namespaces. */
  readonly namespaces: NamespaceRules;
  /** CSI drivers whose volumes are images. */
  readonly imageDrivers: ImageDrivers;
  readonly #pullSecrets: ReadonlySet<string>;
  readonly #governed = new Map<string, GovernedImage>();

  constructor(engine: VerificationEngine) {
    this.engine = engine;
    this.configuration = engine.configuration;
    const { features } = engine.configuration;
    this.#pullSecrets = new Set(features.imagePullSecrets?.namespaces);
    this.namespaces = new NamespaceRules(features);
    this.imageDrivers = new Map(features.csiImageDrivers.map(({ driver, attribute }) => [driver, attribute]));
  }

  /** Reference, rule and question of a written image in a namespace; parsed and matched once. */
  govern(text: string, namespace: string): GovernedImage {
    // A namespace's name has no blank, so no two pairs share a key.
    const key = this.engine.readsNamespace ? `${namespace} ${text}` : text;
    const known = this.#governed.get(key);
    if (known !== undefined) return known;
    const governed = this.#govern(text, namespace);
    if (text.length > MAX_REMEMBERED_TEXT) return governed;
    if (this.#governed.size >= REMEMBERED) this.#governed.clear();
    this.#governed.set(key, governed);
    return governed;
  }

  /** True where the namespace opted in to have its workloads' pull secrets used. */
  readsPullSecrets(namespace: string): boolean {
    return this.#pullSecrets.has(namespace);
  }

  /** The weakenings in force, by the names of their switches. */
  weakenings(): string[] {
    return weakeningsOf(this.configuration);
  }

  #govern(text: string, namespace: string): GovernedImage {
    let image: ImageReference;
    try {
      image = parseImageReference(text);
    } catch (error) {
      return { kind: 'malformed', error };
    }
    const bound = this.engine.govern(image, namespace);
    if (bound === undefined) return { kind: 'no-rule', image };
    const question = {
      image,
      rule: bound.rule.hash,
      revision: this.configuration.trustRevision,
      trustRevision: this.engine.trustRevision,
    };
    const key = questionKey(question, bound.kind === 'check' && bound.check.readsTag);
    return { kind: 'governed', image, bound, question, key };
  }
}
