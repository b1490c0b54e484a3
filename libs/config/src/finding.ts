import { excerpt } from './excerpt.js';

/** Something about the configuration that a person should know, with its place. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Stable, for `lint -o json` and documentation: `unknown-key`, `unreachable-rule`, … */
  readonly code: string;
  readonly file: string;
  /** From 1; 0 where the finding has no place in the file (environment, a missing file). */
  readonly line: number;
  readonly column: number;
  /** `application.validators[0].type` */
  readonly path: string;
  /** Expected A, got B; and the fix where one exists. Never a secret. */
  readonly message: string;
}

/** One text and the name that findings give it. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** A message is for a log; all errors are in the findings. */
const MAX_IN_MESSAGE = 50;

/** The configuration cannot be used. Carries every error at once, and the warnings that were found beside them. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'CONFIGURATION_INVALID';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(summaryOf(findings.filter(({ severity }) => severity === 'error')));
    this.findings = findings;
  }
}

/**
 * One line for each finding: `file:line:column  path  message`. With the sources, three lines of context and a caret
 * follow; secrets in those lines print as `***`.
 */
export function formatFindings(findings: readonly Finding[], sources: readonly SourceFile[] = []): string {
  const texts = new Map(sources.map(({ name, text }) => [name, text]));
  return findings.map((finding) => formatFinding(finding, texts.get(finding.file))).join('\n');
}

function summaryOf(errors: readonly Finding[]): string {
  const more = errors.length - MAX_IN_MESSAGE;
  const lines = formatFindings(errors.slice(0, MAX_IN_MESSAGE));
  return more > 0 ? `${lines}\n… and ${more} more` : lines;
}

function formatFinding(finding: Finding, text: string | undefined): string {
  const { file, line, column, path, message } = finding;
  const head = `${file}:${line}:${column}  ${path}  ${message}`;
  return text === undefined || line === 0 ? head : `${head}\n${excerpt(text, line, column)}\n`;
}
