import { type Document, LineCounter, parseDocument, type ScalarTag, type YAMLError } from 'yaml';

import type { Finding, SourceFile } from '../finding.js';
import type { Path } from '../path.js';
import { type FindingCode, type Places, type Position, Report } from '../report.js';

import { boundsFault } from './bounds.js';
import { nodeAt, type YamlNode } from './node.js';
import { readNode } from './read-node.js';
import { SYNTAX_FAULTS } from './syntax-faults.js';

/** JSON's literals and YAML's spellings of null and booleans. `no`, `010`, `1_000` and `0x1F` stay text. */
const TAGS: ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:null', default: true, test: /^(?:~|null|Null|NULL)?$/, resolve: () => null },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:true|True|TRUE|false|False|FALSE)$/,
    resolve: (text) => text.toLowerCase() === 'true',
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/,
    resolve: Number,
  },
];

/** One strictly read YAML document that knows the line and column of each of its parts. */
export class YamlDocument implements Places {
  readonly file: string;
  readonly root: YamlNode;
  readonly #lines: LineCounter;

  /** @internal */
  constructor(file: string, root: YamlNode, lines: LineCounter) {
    this.file = file;
    this.root = root;
    this.#lines = lines;
  }

  has(path: Path): boolean {
    return nodeAt(this.root, path) !== undefined;
  }

  locate(path: Path, part: 'key' | 'value'): Position {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = nodeAt(this.root, path.slice(0, length));
      if (found === undefined) continue;
      const isThere = length === path.length;
      // What is missing is missing below a key: point at that key. A value that is not written has no place of its own.
      const atKey = part === 'key' || !isThere || (found.node.kind === 'scalar' && found.node.value === null);
      return this.#position(atKey ? (found.keyOffset ?? found.node.offset) : found.node.offset);
    }
    return { line: 1, column: 1 };
  }

  #position(offset: number): Position {
    return positionAt(this.#lines, offset);
  }
}

/**
 * Text to document, or undefined with the reasons in `findings`. Bounded in bytes, depth and count before anything is
 * composed; texts of the parser are not repeated, because they quote the file.
 */
export function parseYaml(source: SourceFile, findings: Finding[]): YamlDocument | undefined {
  const before = findings.length;
  const lines = new LineCounter();
  const refuse = (code: FindingCode, offset: number, message: string): void => {
    const place = positionAt(lines, offset);
    const position = { file: source.name, locate: () => place, has: () => false };
    new Report(position, findings).error(code, message);
  };
  const fault = boundsFault(source.text);
  if (fault !== undefined) {
    for (const match of source.text.slice(0, fault.offset).matchAll(/\n/g)) lines.addNewLine(match.index + 1);
    refuse(fault.kind, fault.offset, BOUNDS_MESSAGES[fault.kind]);
    return undefined;
  }
  const document = composeStrictly(source.text, lines);
  for (const [code, offset, message] of syntaxFaults(document)) refuse(code, offset, message);
  if (findings.length > before) return undefined;
  if (document.contents === null) {
    refuse('empty-file', 0, 'expected a configuration, got an empty file');
    return undefined;
  }
  const root = readNode(document.contents, refuse, 0);
  return findings.length > before ? undefined : new YamlDocument(source.name, root, lines);
}

const BOUNDS_MESSAGES = {
  'too-deep': 'expected at most 32 levels of nesting',
  'too-large': 'expected at most 1 MiB and 250 000 tokens',
} as const;

function composeStrictly(text: string, lineCounter: LineCounter): Document.Parsed {
  return parseDocument(text, {
    version: '1.2',
    schema: 'failsafe',
    customTags: TAGS,
    merge: false,
    stringKeys: true,
    strict: true,
    // Repeated keys are found by readNode with a Map; the parser's own search is quadratic.
    uniqueKeys: false,
    prettyErrors: false,
    // Not `silent`: that would also silence the error about a second document.
    logLevel: 'error',
    lineCounter,
  });
}

function* syntaxFaults(document: Document.Parsed): Generator<[FindingCode, number, string]> {
  const { directives } = document;
  if (directives.yaml.explicit === true || Object.keys(directives.tags).length > 1) {
    yield ['yaml-directive', 0, 'directives ("%YAML", "%TAG") are not read here: remove the line'];
  }
  const problems: YAMLError[] = [...document.errors, ...document.warnings];
  // One broken quote makes a parser stumble many times: the first few say where.
  for (const { code, pos } of problems.slice(0, 10))
    yield [SYNTAX_FAULTS[code][0], pos[0], SYNTAX_FAULTS[code][1]];
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
