import type { ErrorCode } from 'yaml';

import type { FindingCode } from '../report.js';

/** What the parser's codes mean, in our words: its own texts quote the file, and the file holds secrets. */
export const SYNTAX_FAULTS: Readonly<Record<ErrorCode, readonly [FindingCode, string]>> = {
  ALIAS_PROPS: ['yaml-alias', 'aliases ("*name") are not read here: write the value out'],
  BAD_ALIAS: ['yaml-alias', 'aliases ("*name") are not read here: write the value out'],
  BAD_COLLECTION_TYPE: ['yaml-tag', 'tags ("!name") are not read here: remove it'],
  BAD_DIRECTIVE: ['yaml-directive', 'directives ("%NAME") are not read here: remove the line'],
  BAD_DQ_ESCAPE: ['yaml', 'expected an escape that YAML knows: use single quotes, or double the backslash'],
  BAD_INDENT: ['yaml', 'expected another indentation, or a closing bracket'],
  BAD_PROP_ORDER: ['yaml', 'expected a value here'],
  BAD_SCALAR_START: ['yaml', 'text cannot start with this character: put it into quotes'],
  BLOCK_AS_IMPLICIT_KEY: [
    'yaml',
    'expected one "key: value" on this line: quote a text that has a colon in it',
  ],
  BLOCK_IN_FLOW: ['yaml', 'expected no indented block inside of brackets'],
  DUPLICATE_KEY: ['duplicate-key', 'this key is already in this map: keep one'],
  IMPOSSIBLE: ['yaml', 'expected YAML'],
  KEY_OVER_1024_CHARS: ['yaml', 'expected a ":" within 1024 characters'],
  MISSING_CHAR: ['yaml', 'expected a closing quote, a blank or a separator'],
  MULTILINE_IMPLICIT_KEY: [
    'yaml',
    'expected a ":" on this line: is a closing quote or an indentation missing?',
  ],
  MULTIPLE_ANCHORS: ['yaml-anchor', 'anchors ("&name") are not read here: remove it'],
  MULTIPLE_DOCS: ['yaml', 'expected one document, got a second one: remove the "---"'],
  MULTIPLE_TAGS: ['yaml-tag', 'tags ("!name") are not read here: remove it'],
  NON_STRING_KEY: ['yaml', 'expected a text as key'],
  RESOURCE_EXHAUSTION: ['too-deep', 'expected at most 32 levels of nesting'],
  TAB_AS_INDENT: ['yaml', 'expected blanks, got a tab: YAML does not indent with tabs'],
  TAG_RESOLVE_FAILED: ['yaml-tag', 'tags ("!name") are not read here: remove it'],
  UNEXPECTED_TOKEN: ['yaml', 'expected another token: is a quote, a bracket or an indentation missing?'],
};
