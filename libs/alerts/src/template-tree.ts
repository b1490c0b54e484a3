import type { VariableName } from './alert-variables.js';
import type { FunctionName } from './template-function.js';

/** What a template may ask for. Names are checked: an expression that exists can be evaluated. */
export type Expression =
  | { readonly kind: 'variable'; readonly name: VariableName }
  | { readonly kind: 'loop'; readonly part: 'item' | 'index' | 'first' | 'last' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly parameters: readonly Expression[] };

/** A parsed template. It has no way to reach anything but the variables that it was given. */
export type TemplateNode =
  | { readonly kind: 'content'; readonly text: string }
  | {
      readonly kind: 'output';
      readonly expression: Expression;
      readonly place: OutputPlace;
      readonly at: Position;
    }
  | {
      readonly kind: 'if';
      readonly condition: Expression;
      readonly body: Nodes;
      readonly otherwise: Nodes;
      readonly at: Position;
    }
  | {
      readonly kind: 'each';
      readonly list: Expression;
      readonly body: Nodes;
      readonly otherwise: Nodes;
      readonly at: Position;
    };

export type Nodes = readonly TemplateNode[];

/** `text`: inside a string. `value`: where JSON wants a whole value. */
export type OutputPlace = 'text' | 'value';

/** Line and column from 1, in the text that was parsed. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something about a template that a person should know, with its place in the parsed text. */
export interface TemplateFault extends Position {
  readonly severity: 'error' | 'warning';
  readonly code:
    | 'jinja-filter'
    | 'jinja-statement'
    | 'syntax'
    | 'unknown-variable'
    | 'unknown-function'
    | 'unsupported-syntax'
    | 'unquoted-text'
    | 'not-json'
    | 'not-an-object'
    | 'too-large'
    | 'empty';
  readonly message: string;
}
