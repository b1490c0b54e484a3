import { join } from 'node:path';

import { type Finding, readIfPresent, type ValidatorConfig } from '#config';
import { CREDENTIAL_FILES, readCredentials } from '#registry';

/**
 * One error for each validator whose `secretName` cannot be used; `base` is the path of the validators. No finding has a
 * part of a secret.
 */
export function lintSecrets(
  validators: readonly ValidatorConfig[],
  directory: string,
  base: string,
): readonly Finding[] {
  return validators.flatMap((validator, index): Finding[] => {
    if (validator.type !== 'cosign' || validator.auth.kind !== 'secret') return [];
    const why = faultOf(join(directory, validator.auth.secretName));
    if (why === undefined) return [];
    const path = `${base}[${index}].auth.secretName`;
    return [{ severity: 'error', code: 'secret', file: '', line: 0, column: 0, path, message: why }];
  });
}

function faultOf(folder: string): string | undefined {
  const files = new Map<string, string>();
  try {
    for (const name of CREDENTIAL_FILES) {
      const text = readIfPresent(join(folder, name));
      if (text !== undefined) files.set(name, text);
    }
    if (files.size === 0) return `expected ${CREDENTIAL_FILES.join(' or ')} in ${folder}`;
    readCredentials(files);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'cannot be read';
  }
}
