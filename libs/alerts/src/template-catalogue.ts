import type { AlertingConfig, Finding } from '#config';

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

/** What only receivers and templates together show; for `connaisseur lint` and the log at load. */
export function checkReceivers(alerting: AlertingConfig, catalogue: TemplateCatalogue): readonly Finding[] {
  return (['admit', 'reject'] as const).flatMap((list) =>
    alerting[list].flatMap((receiver, index) => {
      const path = `alerting.${list}Request.receivers[${index}]`;
      const missing = finding('error', 'alert-template-missing', `${path}.template`, MISSING);
      const priority = finding('warning', 'alert-priority', `${path}.priority`, OPSGENIE_PRIORITY);
      return [
        ...(catalogue.get(receiver.template) === undefined ? [missing] : []),
        ...(receiver.template === 'opsgenie' && (receiver.priority < 1 || receiver.priority > 5)
          ? [priority]
          : []),
      ];
    }),
  );
}

const MISSING =
  'expected the name of a usable template in the alerts directory; its alerts cannot be sent until there is one';
const OPSGENIE_PRIORITY = 'expected 1 to 5 for Opsgenie; other priorities are refused by the receiver';

function finding(severity: Finding['severity'], code: string, path: string, message: string): Finding {
  return { severity, code, file: '', line: 0, column: 0, path, message };
}
