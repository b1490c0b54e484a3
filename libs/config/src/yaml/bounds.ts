import { CST, Lexer, Parser } from 'yaml';

/** A chart's values file nests about ten deep. */
export const MAX_DEPTH = 32;
/** About 30 000 lines of `key: value`; a text of 1 MiB could hold a million and cost seconds. */
export const MAX_LEXEMES = 250_000;
/** A mounted ConfigMap cannot be larger (Kubernetes: 1 MiB). */
export const MAX_BYTES = 1_048_576;

export type BoundsFault = { readonly kind: 'too-deep' | 'too-large'; readonly offset: number };

/** What the parser's stack holds beside the document and the scalar that it is at. */
const COLLECTIONS: ReadonlySet<string> = new Set(['block-map', 'block-seq', 'flow-collection']);

/** What the lexer puts between the pieces of the text: document start, end of flow, scalar follows. */
const CONTROL_LEXEMES: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR]);

/** The first place where a text nests or counts beyond the limits; stops reading there. Nothing is composed yet. */
export function boundsFault(text: string): BoundsFault | undefined {
  if (Buffer.byteLength(text) > MAX_BYTES) return { kind: 'too-large', offset: 0 };
  const parser = new Parser();
  let lexemes = 0;
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    // The generator must run for the parser to advance; the tokens themselves are read again by the composer.
    for (const token of parser.next(lexeme)) void token;
    lexemes += 1;
    if (lexemes > MAX_LEXEMES) return { kind: 'too-large', offset };
    if (parser.stack.length > MAX_DEPTH && depthOf(parser) > MAX_DEPTH) return { kind: 'too-deep', offset };
    if (!CONTROL_LEXEMES.has(lexeme)) offset += lexeme.length;
  }
  return undefined;
}

function depthOf({ stack }: Parser): number {
  return stack.filter(({ type }) => COLLECTIONS.has(type)).length;
}
