import { homedir } from 'node:os';
import { join } from 'node:path';

import { type Configuration, loadConfiguration, readIfPresent } from '#config';
import { createTransport, readUserCredentials } from '#registry';
import { openEngine, openKeychain, type VerificationEngine } from '#verification';

import { policySource } from './policy-source.js';
import { UsageError } from './usage-error.js';

/** Where a command finds policy and credentials. */
export interface PolicyOptions {
  readonly policy: string;
  readonly secrets?: string | undefined;
}

/** Configuration and engine of a policy file, the same that a cluster would run. */
export interface OpenPolicy {
  readonly configuration: Configuration;
  readonly engine: VerificationEngine;
  close(): Promise<void>;
}

/** Reads, checks and sets up a policy; throws ConfigurationError with every error at once. */
export function openPolicy(options: PolicyOptions): OpenPolicy {
  const configuration = loadConfiguration(policySource(options.policy));
  const transport = createTransport();
  const engine = openEngine(configuration, {
    transport,
    keychain: openKeychain(transport, process.env),
    secretsDirectory: options.secrets,
    dockerConfig: options.secrets === undefined ? dockerConfigText() : undefined,
    readFile: readIfPresent,
    clock: () => new Date(),
    onFault: (error) =>
      process.stderr.write(
        `internal fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      ),
  });
  return { configuration, engine, close: () => transport.close() };
}

/**
 * The user's Docker configuration, as `docker login` writes it; without one registries are asked anonymously. Throws
 * UsageError where it cannot be used.
 */
export function dockerConfigText(): string {
  const path = join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
  const text = readIfPresent(path) ?? '{}';
  try {
    readUserCredentials(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new UsageError(`Docker configuration ${path}: ${why}`, { cause });
  }
  return text;
}
