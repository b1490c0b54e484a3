import Handlebars from 'handlebars';

import { TemplateParser } from './template-parser.js';
import type { Nodes, Position, TemplateFault } from './template-tree.js';

/** A parsed template, or what is wrong with it; warnings may come with either. */
export interface ParsedTemplate {
  readonly nodes: Nodes | undefined;
  readonly faults: readonly TemplateFault[];
}

/**
 * Parses Handlebars text into nodes that can only name our variables and functions. Handlebars gives the grammar; its
 * compiler, and with it helpers, partials, prototypes and generated code, is never used (A07).
 */
export function parseTemplate(text: string): ParsedTemplate {
  const jinja = jinjaFaults(text);
  if (jinja.some(({ severity }) => severity === 'error')) return { nodes: undefined, faults: jinja };
  const syntax = syntaxTree(text);
  if ('fault' in syntax) return { nodes: undefined, faults: [...jinja, syntax.fault] };
  const parser = new TemplateParser();
  const nodes = parser.parse(syntax.program);
  const faults = [...jinja, ...parser.faults];
  return { nodes: parser.faults.length > 0 ? undefined : nodes, faults };
}

/** Line and column, from 1, of an offset in a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** `{{ x }}}` at the end of a JSON object: without the empty comment Handlebars reads it as the end of `{{{ x }}}`. */
const CLOSING_BRACE_AFTER = /(?<!\{)\{\{(?!\{)[^{}]{1,500}\}\}(?=\})/g;

function syntaxTree(text: string): { program: hbs.AST.Program } | { fault: TemplateFault } {
  try {
    return { program: Handlebars.parse(text.replaceAll(CLOSING_BRACE_AFTER, '$&{{!}}')) };
  } catch (error) {
    const [, line = '1'] = /on line (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
    const position = firstMustacheOf(text, Number(line));
    return {
      fault: {
        severity: 'error',
        code: 'syntax',
        ...position,
        message:
          'expected an expression such as {{ namespace }} or {{#if code}}…{{/if}}, got something that does not parse',
      },
    };
  }
}

function firstMustacheOf(text: string, line: number): Position {
  const column = (text.split('\n')[line - 1] ?? '').indexOf('{{');
  return { line, column: Math.max(0, column) + 1 };
}

/** Habits of Jinja, which look right and are not: a filter cannot be parsed, a statement would be sent as it stands. */
function jinjaFaults(text: string): readonly TemplateFault[] {
  const filters = [...text.matchAll(/\{\{\s{0,8}([\w.]{1,64})\s{0,8}\|\s{0,8}(\w{1,64})/g)].map(
    (match): TemplateFault => {
      const [, variable = '', filter = ''] = match;
      const message = `expected a function before the variable, got the Jinja filter "| ${filter}"; write {{${filter} ${variable}}}`;
      return { severity: 'error', code: 'jinja-filter', ...positionAt(text, match.index), message };
    },
  );
  const statements = [...text.matchAll(/\{%/g)].map((match): TemplateFault => {
    const message = 'expected {{#if}} or {{#each}}, got a Jinja statement, which is sent as it stands';
    return { severity: 'warning', code: 'jinja-statement', ...positionAt(text, match.index), message };
  });
  return [...filters, ...statements].slice(0, 50);
}
