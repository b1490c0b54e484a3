import { type Finding, loadConfiguration, ConfigurationError } from '#config';
import { styleText } from 'node:util';

import { EXIT_CONFIGURATION, EXIT_OK } from '../exit-code.js';
import { policySource } from '../policy-file.js';

export interface LintOptions {
  readonly output: 'text' | 'json';
  /** Warnings count as errors. */
  readonly strict: boolean;
}

/** `connaisseur lint`: every error and warning of a configuration with its place; 2 on errors. */
export function lint(file: string, options: LintOptions): number {
  const findings = findingsOf(file);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (options.output === 'json') {
    process.stdout.write(
      `${JSON.stringify({ schemaVersion: 1, errors, warnings, findings }, undefined, 2)}\n`,
    );
  } else {
    for (const finding of findings) process.stdout.write(`${formatFinding(finding)}\n`);
    process.stdout.write(`${file}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`);
  }
  return errors > 0 || (options.strict && warnings > 0) ? EXIT_CONFIGURATION : EXIT_OK;
}

function findingsOf(file: string): readonly Finding[] {
  try {
    return loadConfiguration(policySource(file)).findings;
  } catch (error) {
    if (error instanceof ConfigurationError) return error.findings;
    throw error;
  }
}

function formatFinding({ severity, file, line, column, path, code, message }: Finding): string {
  const word = styleText([severity === 'error' ? 'red' : 'yellow'], severity.padEnd(7));
  return `${file}:${line}:${column}  ${word}  ${path}  ${message} (${code})`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
