import {
  ConfigurationError,
  type Configuration,
  type Finding,
  loadConfiguration,
  type SourceFile,
} from '#config';

import { EXIT_CONFIGURATION, EXIT_OK } from '../exit-code.js';
import { placeFindings } from '../place-finding.js';
import { policySource } from '../policy-source.js';
import { printFindings } from '../print-findings.js';
import { SHIPPED_TEMPLATES } from '../shipped-templates.js';

export interface LintOptions {
  readonly output: 'text' | 'json';
  /** Warnings count as errors. */
  readonly strict?: boolean;
  /** Directory with one folder for each secret; without it nothing is said about secrets. */
  readonly secrets?: string;
  readonly templates?: string;
}

/** `connaisseur lint`: every error and warning of a configuration with its place; 2 on errors. */
export async function lint(file: string, options: LintOptions): Promise<number> {
  const findings = await findingsOf(file, options);
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (options.output === 'json') {
    const body = { schemaVersion: 1, errors, warnings, findings };
    process.stdout.write(`${JSON.stringify(body, undefined, 2)}\n`);
  } else {
    printFindings(findings, process.stdout);
    process.stdout.write(`${file}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`);
  }
  return errors > 0 || (options.strict === true && warnings > 0) ? EXIT_CONFIGURATION : EXIT_OK;
}

async function findingsOf(file: string, options: LintOptions): Promise<readonly Finding[]> {
  try {
    const source = policySource(file);
    const configuration = loadConfiguration(source);
    const more = [
      ...(await alertFindings(configuration, options.templates ?? SHIPPED_TEMPLATES, source.file)),
      ...(await secretFindings(configuration, options.secrets, source.file)),
    ];
    return [...configuration.findings, ...more];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.findings;
    throw error;
  }
}

/** Receivers against the templates that they name, and what is known of receivers. */
async function alertFindings(
  { alerting }: Configuration,
  directory: string,
  source: SourceFile,
): Promise<readonly Finding[]> {
  if (alerting.admit.length + alerting.reject.length === 0) return [];
  const { lintReceivers } = await import('../lint-receivers.js');
  const { templates, receivers } = await lintReceivers(alerting, directory);
  // The loader has said that of the same key.
  const news = receivers.filter(({ code }) => code !== 'alert-opsgenie-end');
  return [...templates, ...placeFindings(news, source)];
}

async function secretFindings(
  { validators }: Configuration,
  directory: string | undefined,
  source: SourceFile,
): Promise<readonly Finding[]> {
  if (directory === undefined) return [];
  const { lintSecrets } = await import('../lint-secrets.js');
  const base = /^application[ \t]*:/m.test(source.text) ? 'application.validators' : 'validators';
  return placeFindings(lintSecrets(validators, directory, base), source);
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
