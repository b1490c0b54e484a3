import { isMap, isScalar, parseDocument } from 'yaml';

import { CredentialsError } from './credentials-error.js';
import type { CredentialEntry } from './credentials.js';
import { REGISTRY_LIMITS } from './limits.js';

/**
 * The entry of a `secret.yaml`: `username`, `password`, `registry`; other keys are not ours. Every value is text, as written:
 * a password of digits stays a password. Throws CredentialsError, also where neither the file nor the caller names a
 * registry: credentials without a host would go to any host that a tenant writes into a Pod.
 */
export function parseSecretYaml(text: string, defaultRegistry?: string): CredentialEntry {
  const values = parseTextValues(text);
  const username = values.get('username') ?? '';
  const password = values.get('password') ?? '';
  const key = values.get('registry') || defaultRegistry;
  if (username === '' || password === '') {
    throw new CredentialsError('empty', 'expected username and password in secret.yaml');
  }
  if (key === undefined)
    throw new CredentialsError('no-registry', 'expected registry in secret.yaml: add the host');
  return { key, username, password };
}

function parseTextValues(text: string): ReadonlyMap<string, string> {
  if (text.length > REGISTRY_LIMITS.credentialsBytes) {
    throw new CredentialsError(
      'too-large',
      `expected at most ${REGISTRY_LIMITS.credentialsBytes} characters`,
    );
  }
  // The failsafe schema knows no numbers, booleans or nulls.
  const document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys: true,
    merge: false,
    logLevel: 'silent',
  });
  // The parser's messages quote the file, so they are not kept.
  if (document.errors.length > 0) throw new CredentialsError('not-yaml', 'expected secret.yaml to be YAML');
  if (!isMap(document.contents))
    throw new CredentialsError('wrong-shape', 'expected secret.yaml to be a map');
  return new Map(
    document.contents.items.flatMap(({ key, value }) =>
      isScalar(key) && isScalar(value) && typeof key.value === 'string' && typeof value.value === 'string'
        ? [[key.value, value.value] as const]
        : [],
    ),
  );
}
