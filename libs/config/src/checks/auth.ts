import type { AuthConfig } from '../configuration.js';
import type { Report } from '../report.js';
import type { AuthInput, ValidatorInput } from '../schema/validator.js';
import { Secret } from '../secret.js';

/** How a validator gets its credentials: exactly one way, or a finding. The report is the validator's. */
export function checkAuth(
  auth: AuthInput | undefined,
  type: ValidatorInput['type'],
  validator: Report,
): AuthConfig {
  if (auth === undefined) return { kind: 'none' };
  const report = validator.at('auth');
  const { secretName, useKeychain, registry, username, password } = auth;
  const inline = username ?? password ?? registry;
  if (secretName !== undefined && inline !== undefined) {
    report.error('exclusive', 'expected either secretName, or username and password');
  }
  if (secretName !== undefined) {
    if (useKeychain === true)
      report.warning('no-effect', 'secretName is used, useKeychain is not', ['useKeychain']);
    return { kind: 'secret', secretName };
  }
  if (username !== undefined && password !== undefined) {
    if (useKeychain === true)
      report.error('exclusive', 'expected either useKeychain, or username and password');
    if (registry === undefined && type !== 'notaryv1') {
      report.error('required', 'expected registry beside username and password: the host that gets them', [
        'registry',
      ]);
    }
    return { kind: 'inline', registry, username, password: new Secret(password) };
  }
  if (inline !== undefined) report.error('auth', 'expected username and password, got only one of them');
  if (useKeychain === true) return keychain(type, report);
  if (inline === undefined && useKeychain === undefined) {
    report.error('auth', 'expected secretName, useKeychain, or username and password');
  }
  return { kind: 'none' };
}

/** A notary server is no registry of a cloud provider: nothing there takes such tokens. */
function keychain(type: ValidatorInput['type'], report: Report): AuthConfig {
  if (type === 'notaryv1') {
    const message =
      'useKeychain gives credentials for registries of cloud providers, not for a notary server';
    report.warning('no-effect', message, ['useKeychain']);
  }
  return { kind: 'keychain' };
}
