import type { VariableName } from './alert-variables.js';
import { VARIABLE_TYPES } from './alert-variables.js';
import { isFunctionName, TEMPLATE_FUNCTIONS } from './template-function.js';
import type { Expression, Nodes, Position, TemplateFault, TemplateNode } from './template-tree.js';

/** Where an expression stands: only inside a loop do `this` and `@index` mean something. */
interface Scope {
  readonly loop: boolean;
  /** `as |image|` */
  readonly itemName: string | undefined;
}

const TOP: Scope = { loop: false, itemName: undefined };

/** Variable names by their letters and digits: upstream reads `alert_message`, `alertMessage` and `AlertMessage` alike. */
const VARIABLES: ReadonlyMap<string, VariableName> = new Map(
  Object.keys(VARIABLE_TYPES)
    .filter((name): name is VariableName => Object.hasOwn(VARIABLE_TYPES, name))
    .map((name) => [plainName(name), name]),
);

/** Turns Handlebars' syntax tree into ours and collects everything that has no place in it. */
export class TemplateParser {
  readonly faults: TemplateFault[] = [];

  parse(program: hbs.AST.Program, scope: Scope = TOP): Nodes {
    return program.body.flatMap((statement) => this.#statement(statement, scope) ?? []);
  }

  #statement(statement: hbs.AST.Statement, scope: Scope): TemplateNode | undefined {
    if (isNode<hbs.AST.ContentStatement>(statement, 'ContentStatement'))
      return { kind: 'content', text: statement.value };
    if (isNode<hbs.AST.MustacheStatement>(statement, 'MustacheStatement'))
      return this.#output(statement, scope);
    if (isNode<hbs.AST.BlockStatement>(statement, 'BlockStatement')) return this.#block(statement, scope);
    if (statement.type === 'CommentStatement') return undefined;
    return this.#fault(
      'unsupported-syntax',
      statement,
      'expected variables, if, unless and each, got a partial or a decorator',
    );
  }

  #output(mustache: hbs.AST.MustacheStatement, scope: Scope): TemplateNode | undefined {
    if (!mustache.escaped) {
      return this.#fault(
        'unsupported-syntax',
        mustache,
        'expected {{ name }}, got an unescaped expression; use two braces',
      );
    }
    const isCall = mustache.params.length > 0;
    const expression = isCall ? this.#call(mustache, scope) : this.#expression(mustache.path, scope);
    return expression && { kind: 'output', expression, place: 'text', at: positionOf(mustache) };
  }

  #block(block: hbs.AST.BlockStatement, scope: Scope): TemplateNode | undefined {
    const name = block.path.original;
    if (name !== 'if' && name !== 'unless' && name !== 'each') {
      return this.#fault(
        'unsupported-syntax',
        block,
        `expected if, unless or each, got a block named "${clip(name)}"`,
      );
    }
    const [first, ...more] = block.params;
    if (first === undefined || more.length > 0) {
      return this.#fault(
        'unsupported-syntax',
        block,
        `expected one expression after #${name}, got ${block.params.length}`,
      );
    }
    if (name === 'each') return this.#each(block, first, scope);
    const condition = this.#expression(first, scope);
    const [body, otherwise] = [this.#branch(block.program, scope), this.#branch(block.inverse, scope)];
    if (condition === undefined) return undefined;
    const at = positionOf(block);
    return name === 'if'
      ? { kind: 'if', condition, body, otherwise, at }
      : { kind: 'if', condition, body: otherwise, otherwise: body, at };
  }

  /** Loops do not nest: one loop over a bounded list bounds the output (A08). */
  #each(block: hbs.AST.BlockStatement, list: hbs.AST.Expression, scope: Scope): TemplateNode | undefined {
    if (scope.loop) return this.#fault('unsupported-syntax', block, 'expected no each inside an each');
    const source = this.#expression(list, scope);
    if (source !== undefined && (source.kind !== 'variable' || VARIABLE_TYPES[source.name] !== 'list')) {
      return this.#fault(
        'unsupported-syntax',
        block,
        'expected a list after #each: image_list, rejected_images or digests',
      );
    }
    const body = this.#branch(block.program, { loop: true, itemName: block.program.blockParams?.[0] });
    const otherwise = this.#branch(block.inverse, scope);
    return source && { kind: 'each', list: source, body, otherwise, at: positionOf(block) };
  }

  /** Handlebars leaves a missing branch out. */
  #branch(program: hbs.AST.Program | undefined, scope: Scope): Nodes {
    return program === undefined ? [] : this.parse(program, scope);
  }

  #expression(node: hbs.AST.Expression, scope: Scope): Expression | undefined {
    if (isNode<hbs.AST.StringLiteral>(node, 'StringLiteral')) return { kind: 'literal', value: node.value };
    if (isNode<hbs.AST.NumberLiteral>(node, 'NumberLiteral')) return { kind: 'literal', value: node.value };
    if (isNode<hbs.AST.BooleanLiteral>(node, 'BooleanLiteral')) return { kind: 'literal', value: node.value };
    if (isNode<hbs.AST.SubExpression>(node, 'SubExpression')) return this.#call(node, scope);
    if (isNode<hbs.AST.PathExpression>(node, 'PathExpression')) return this.#path(node, scope);
    return this.#fault('unsupported-syntax', node, 'expected a variable, a text or a number');
  }

  #call(node: hbs.AST.SubExpression | hbs.AST.MustacheStatement, scope: Scope): Expression | undefined {
    const name = isNode<hbs.AST.PathExpression>(node.path, 'PathExpression') ? node.path.original : '';
    const known = Object.keys(TEMPLATE_FUNCTIONS).join(', ');
    if (!isFunctionName(name)) {
      return this.#fault('unknown-function', node, `expected one of ${known}, got "${clip(name)}"`);
    }
    const { arity, usage } = TEMPLATE_FUNCTIONS[name];
    const parameters = node.params.map((parameter) => this.#expression(parameter, scope));
    if (parameters.length < arity[0] || parameters.length > arity[1] || node.hash !== undefined) {
      return this.#fault('unknown-function', node, `expected ${usage}, got ${parameters.length} values`);
    }
    const complete = parameters.filter((parameter) => parameter !== undefined);
    return complete.length === parameters.length ? { kind: 'call', name, parameters: complete } : undefined;
  }

  #path(path: hbs.AST.PathExpression, scope: Scope): Expression | undefined {
    const [head, ...rest] = path.parts;
    if (path.data) return this.#data(path, scope);
    if (
      scope.loop &&
      path.depth === 0 &&
      rest.length === 0 &&
      (head === undefined || head === scope.itemName)
    ) {
      return { kind: 'loop', part: 'item' };
    }
    // Items are texts without fields, so a bare name in a loop can only be a variable; `../name` says the same.
    const isReachable = path.depth <= (scope.loop ? 1 : 0);
    return this.#variable(path, isReachable && rest.length === 0 ? head : undefined);
  }

  /** `@index`, `@first` and `@last` of the loop; `@root.name` from anywhere. */
  #data(path: hbs.AST.PathExpression, scope: Scope): Expression | undefined {
    const [head, name, ...rest] = path.parts;
    if (head === 'root') return this.#variable(path, rest.length === 0 ? name : undefined);
    const isPart = head === 'index' || head === 'first' || head === 'last';
    if (isPart && scope.loop && name === undefined) return { kind: 'loop', part: head };
    return this.#variable(path, undefined);
  }

  #variable(path: hbs.AST.PathExpression, name: string | undefined): Expression | undefined {
    const known = name === undefined ? undefined : VARIABLES.get(plainName(name));
    if (known !== undefined) return { kind: 'variable', name: known };
    const message = `expected one of ${Object.keys(VARIABLE_TYPES).join(', ')}, got "${clip(path.original)}"`;
    return this.#fault('unknown-variable', path, message);
  }

  #fault(code: TemplateFault['code'], node: hbs.AST.Node, message: string): undefined {
    if (this.faults.length < 50) this.faults.push({ severity: 'error', code, ...positionOf(node), message });
  }
}

function isNode<T extends hbs.AST.Node>(node: hbs.AST.Node, type: T['type']): node is T {
  return node.type === type;
}

function positionOf(node: hbs.AST.Node): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

function plainName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
}

function clip(text: string): string {
  return text.slice(0, 60);
}
