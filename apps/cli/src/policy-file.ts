import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { type Configuration, type ConfigurationSource, loadConfiguration, readConfigurationSource } from '#config';
import { openEngine, type VerificationEngine } from '#verification';

/** Where a command finds policy and credentials. */
export interface PolicyOptions {
  readonly policy: string;
  readonly secrets?: string | undefined;
}

/** The policy file as one source; throws ConfigurationError where it cannot be read. */
export function policySource(path: string): ConfigurationSource {
  return readConfigurationSource({ policy: path }, (name) => readFileSync(name), process.env);
}

/** Configuration and engine of a policy file, the same that a cluster would run. */
export function openPolicy(options: PolicyOptions): { configuration: Configuration; engine: VerificationEngine } {
  const configuration = loadConfiguration(policySource(options.policy));
  const engine = openEngine(configuration, {
    secretsDirectory: options.secrets,
    dockerConfig: options.secrets === undefined ? dockerConfigText() : undefined,
    readFile: (path) => readFileSync(path),
    clock: () => new Date(),
    onFault: (error) => process.stderr.write(`internal fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
  });
  return { configuration, engine };
}

/** The user's Docker configuration, as `docker login` writes it. */
export function dockerConfigText(): string | undefined {
  const folder = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  try {
    return readFileSync(join(folder, 'config.json'), 'utf8');
  } catch {
    // Nobody has logged in on this machine: registries are asked anonymously.
    return undefined;
  }
}
