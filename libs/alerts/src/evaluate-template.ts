import type { AlertVariables } from './alert-variables.js';
import { isTruthy, TEMPLATE_FUNCTIONS, type TemplateValue, toList, toText } from './template-function.js';
import type { Expression, Nodes, TemplateNode } from './template-tree.js';

/** The only way out of a template: what a value becomes where it stands. */
export interface OutputFilter {
  /** Inside a string. */
  text(value: string): string;
  /** Where JSON wants a whole value. */
  value(value: TemplateValue): string;
}

/** What a loop puts in scope. */
interface LoopScope {
  readonly item: string;
  readonly index: number;
  readonly first: boolean;
  readonly last: boolean;
}

/** Runs a template. Every value goes through the filter; nothing is compiled to code, so it runs where `eval` is switched off. */
export function evaluateTemplate(
  nodes: Nodes,
  variables: AlertVariables,
  filter: OutputFilter,
  loop?: LoopScope,
): string {
  return nodes.map((node) => evaluateNode(node, variables, filter, loop)).join('');
}

function evaluateNode(
  node: TemplateNode,
  variables: AlertVariables,
  filter: OutputFilter,
  loop: LoopScope | undefined,
): string {
  switch (node.kind) {
    case 'content':
      return node.text;
    case 'output':
      return node.place === 'text'
        ? filter.text(toText(valueOf(node.expression, variables, loop)))
        : filter.value(wholeValueOf(node.expression, variables, loop));
    case 'if':
      return isTruthy(valueOf(node.condition, variables, loop))
        ? evaluateTemplate(node.body, variables, filter, loop)
        : evaluateTemplate(node.otherwise, variables, filter, loop);
    case 'each': {
      const items = toList(valueOf(node.list, variables, loop));
      if (items.length === 0) return evaluateTemplate(node.otherwise, variables, filter, loop);
      return items
        .map((item, index) => ({ item, index, first: index === 0, last: index === items.length - 1 }))
        .map((scope) => evaluateTemplate(node.body, variables, filter, scope))
        .join('');
    }
  }
}

function valueOf(
  expression: Expression,
  variables: AlertVariables,
  loop: LoopScope | undefined,
): TemplateValue {
  switch (expression.kind) {
    case 'variable':
      return variables[expression.name];
    case 'loop':
      return loop?.[expression.part] ?? '';
    case 'literal':
      return expression.value;
    case 'call': {
      const parameters = expression.parameters.map((parameter) => valueOf(parameter, variables, loop));
      return TEMPLATE_FUNCTIONS[expression.name].apply(parameters);
    }
  }
}

/** `{{json x}}` outside quotes is x itself, written by the filter as JSON. */
function wholeValueOf(
  expression: Expression,
  variables: AlertVariables,
  loop: LoopScope | undefined,
): TemplateValue {
  const [first] = expression.kind === 'call' && expression.name === 'json' ? expression.parameters : [];
  return valueOf(first ?? expression, variables, loop);
}
