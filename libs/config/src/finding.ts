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

/** The configuration cannot be used. Carries every error at once. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'CONFIGURATION_INVALID';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(formatFindings(findings));
    this.findings = findings;
  }
}

/** One line for each finding: `file:line:column  path  message`. */
export function formatFindings(findings: readonly Finding[]): string {
  return findings
    .map(({ file, line, column, path, message }) => `${file}:${line}:${column}  ${path}  ${message}`)
    .join('\n');
}
