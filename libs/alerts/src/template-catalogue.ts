import type { Finding } from '#config';

import { type CompiledTemplate, compileTemplate, type TemplateSource } from './compile-template.js';

/** Every template by the name that a receiver uses, and what is wrong with those that cannot be used. */
export class TemplateCatalogue {
  static readonly EMPTY = new TemplateCatalogue([]);
  readonly findings: readonly Finding[];
  readonly #templates: ReadonlyMap<string, CompiledTemplate>;

  constructor(sources: readonly TemplateSource[]) {
    const compiled = sources.map((source) => ({ name: source.name, ...compileTemplate(source) }));
    this.findings = compiled.flatMap(({ findings }) => findings);
    this.#templates = new Map(
      compiled.flatMap(({ name, template }) => (template === undefined ? [] : [[name, template] as const])),
    );
  }

  /** Nothing where the template does not exist or does not compile. */
  get(name: string): CompiledTemplate | undefined {
    return this.#templates.get(name);
  }

  get names(): readonly string[] {
    return [...this.#templates.keys()];
  }
}
