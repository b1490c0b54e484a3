import type { Finding } from '#config';

import { isJsonObject, type JsonObject, type JsonValue } from './json-value.js';
import { OutputPlacer } from './place-outputs.js';
import { jsonStrings } from './json-strings.js';
import { parseTemplate, positionAt } from './parse-template.js';
import type { Nodes, TemplateFault } from './template-tree.js';
import { tryTemplate } from './try-template.js';

/** Larger than any receiver accepts as a message. */
const MAX_TEMPLATE_CHARACTERS = 64 * 1024;
const MAX_DEPTH = 32;

/** A template that was checked: it renders to a JSON object whatever the values are. */
export type CompiledTemplate =
  /** Nothing in it: alerts of its receivers are skipped. */
  | { readonly kind: 'empty' }
  /** JSON before rendering; `leaves` has the strings that hold expressions. */
  | { readonly kind: 'tree'; readonly root: JsonObject; readonly leaves: ReadonlyMap<string, Nodes> }
  /** JSON after rendering; every output knows whether it stands inside quotes. */
  | { readonly kind: 'text'; readonly nodes: Nodes };

/** Text of one template and where it came from. */
export interface TemplateSource {
  /** What a receiver's `template` says. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** Checks a template once, at load: what compiles cannot fail for its syntax at 3 a.m. Faults come as findings with their place. */
export function compileTemplate(source: TemplateSource): {
  readonly template: CompiledTemplate | undefined;
  readonly findings: readonly Finding[];
} {
  const { template, faults } = compile(source.text.replace(/^\uFEFF/, ''));
  return { template, findings: faults.map((fault) => toFinding(fault, source)) };
}

interface Compiled {
  readonly template: CompiledTemplate | undefined;
  readonly faults: readonly TemplateFault[];
}

function compile(text: string): Compiled {
  if (text.length > MAX_TEMPLATE_CHARACTERS || depthOf(text) > MAX_DEPTH) {
    return refused(
      'too-large',
      `expected at most ${MAX_TEMPLATE_CHARACTERS} characters and ${MAX_DEPTH} levels`,
    );
  }
  if (text.trim() === '') return empty();
  const json = parseJson(text);
  if (json === undefined) return compileText(text);
  if (!isJsonObject(json)) return refused('not-an-object', 'expected a JSON object, got another JSON value');
  return Object.keys(json).length === 0 ? empty() : compileTree(text, json);
}

function compileTree(text: string, root: JsonObject): Compiled {
  const leaves = new Map<string, Nodes>();
  const faults: TemplateFault[] = [];
  for (const { value, isKey, offsetOf } of jsonStrings(text)) {
    if (!value.includes('{{') && !value.includes('{%')) continue;
    const parsed = isKey ? keyFault() : parseTemplate(value);
    if (parsed.nodes !== undefined) leaves.set(value, parsed.nodes);
    faults.push(...parsed.faults.map((fault) => ({ ...fault, ...positionAt(text, offsetOf(fault)) })));
  }
  const isUsable = faults.every(({ severity }) => severity === 'warning');
  return { template: isUsable ? { kind: 'tree', root, leaves } : undefined, faults };
}

function compileText(text: string): Compiled {
  const parsed = parseTemplate(text);
  if (parsed.nodes === undefined) return { template: undefined, faults: parsed.faults };
  const placer = new OutputPlacer();
  const nodes = placer.place(parsed.nodes);
  const faults = [...parsed.faults, ...placer.faults];
  const trial = placer.faults.length === 0 ? tryTemplate(nodes) : undefined;
  if (trial !== undefined) faults.push(trial);
  return {
    template: faults.every(({ severity }) => severity === 'warning') ? { kind: 'text', nodes } : undefined,
    faults,
  };
}

function keyFault(): { nodes: undefined; faults: readonly TemplateFault[] } {
  const message = 'expected a fixed key, got an expression in a key';
  return {
    nodes: undefined,
    faults: [{ severity: 'error', code: 'unsupported-syntax', line: 1, column: 1, message }],
  };
}

function empty(): Compiled {
  const message = 'the template is empty: alerts of its receivers are skipped';
  return {
    template: { kind: 'empty' },
    faults: [{ severity: 'warning', code: 'empty', line: 1, column: 1, message }],
  };
}

function refused(code: TemplateFault['code'], message: string): Compiled {
  return { template: undefined, faults: [{ severity: 'error', code, line: 1, column: 1, message }] };
}

/** JSON.parse gives any; JsonValue is exactly what it can give. */
function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // Not JSON before rendering is a kind of template, not an error.
    return undefined;
  }
}

/** An upper bound of the nesting, quotes left aside: enough to refuse what would exhaust the stack. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const bracket of text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '').matchAll(/[[\]{}]/g)) {
    depth += bracket[0] === '[' || bracket[0] === '{' ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function toFinding(
  { severity, code, line, column, message }: TemplateFault,
  source: TemplateSource,
): Finding {
  return {
    severity,
    code: `template-${code}`,
    file: source.file,
    line,
    column,
    path: `template ${source.name}`,
    message,
  };
}
