import { VARIABLE_TYPES } from './alert-variables.js';
import type { Expression, Nodes, Position, TemplateFault, TemplateNode } from './template-tree.js';

/** Where in JSON a piece of template text ends. */
interface JsonState {
  readonly inString: boolean;
  /** After a backslash. */
  readonly escaped: boolean;
}

const START: JsonState = { inString: false, escaped: false };

/** Reads a template that becomes JSON only when it is rendered, and says of each output where it stands. */
export class OutputPlacer {
  readonly faults: TemplateFault[] = [];

  /** The same nodes with a place on every output. A text outside quotes is a fault: it could add keys (A01). */
  place(nodes: Nodes): Nodes {
    return this.#nodes(nodes, START).nodes;
  }

  #nodes(nodes: Nodes, start: JsonState): { nodes: Nodes; state: JsonState } {
    let state = start;
    const placed = nodes.map((node) => {
      const result = this.#node(node, state);
      state = result.state;
      return result.node;
    });
    return { nodes: placed, state };
  }

  #node(node: TemplateNode, state: JsonState): { node: TemplateNode; state: JsonState } {
    switch (node.kind) {
      case 'content':
        return { node, state: readJson(node.text, state) };
      case 'output':
        return { node: this.#output(node, state), state };
      case 'if': {
        const body = this.#nodes(node.body, state);
        const otherwise = this.#nodes(node.otherwise, state);
        this.#mustAgree(body.state, otherwise.state, node.at);
        return { node: { ...node, body: body.nodes, otherwise: otherwise.nodes }, state: body.state };
      }
      case 'each': {
        const body = this.#nodes(node.body, state);
        const otherwise = this.#nodes(node.otherwise, state);
        this.#mustAgree(body.state, state, node.at);
        this.#mustAgree(otherwise.state, state, node.at);
        return { node: { ...node, body: body.nodes, otherwise: otherwise.nodes }, state };
      }
    }
  }

  #output(node: Extract<TemplateNode, { kind: 'output' }>, state: JsonState): TemplateNode {
    if (state.escaped) this.#fault(node.at, 'expected no backslash right before an expression');
    if (state.inString) return { ...node, place: 'text' };
    if (!isWholeValue(node.expression)) {
      this.#fault(
        node.at,
        'expected quotes around a text, or {{json variable}} outside quotes, got a text outside quotes',
      );
    }
    return { ...node, place: 'value' };
  }

  #mustAgree(left: JsonState, right: JsonState, at: Position): void {
    if (left.inString !== right.inString || left.escaped !== right.escaped) {
      this.#fault(at, 'expected a block that opens and closes its quotes itself');
    }
  }

  #fault(at: Position, message: string): void {
    if (this.faults.length < 50)
      this.faults.push({ severity: 'error', code: 'unquoted-text', ...at, message });
  }
}

function readJson(text: string, start: JsonState): JsonState {
  let { inString, escaped } = start;
  for (const character of text) {
    if (escaped) escaped = false;
    else if (inString && character === '\\') escaped = true;
    else if (character === '"') inString = !inString;
  }
  return { inString, escaped };
}

/** Numbers and `{{json …}}` are JSON by themselves. */
function isWholeValue(expression: Expression): boolean {
  switch (expression.kind) {
    case 'variable':
      return VARIABLE_TYPES[expression.name] === 'number';
    case 'loop':
      return expression.part !== 'item';
    case 'literal':
      return typeof expression.value !== 'string';
    case 'call':
      return expression.name === 'json' || expression.name === 'eq';
  }
}
