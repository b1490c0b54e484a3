import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { generateBusKeys, type KEY_HOLDERS, keysOf, newKeyId } from '#bus';

const COMPONENTS = [
  'gateway',
  'verifier',
  'alerting',
  'watch',
] as const satisfies readonly (keyof typeof KEY_HOLDERS)[];

/** `connaisseur keys DIR`: new keys of the bus, sorted into one folder for each component; never overwrites. */
export function keys(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (readdirSync(directory).length > 0)
    throw new Error(`${directory} is not empty; keys are never overwritten`);
  const files = generateBusKeys(newKeyId(new Date()));
  files.set('alerts.seal', `${randomBytes(32).toString('base64')}\n`);
  for (const component of COMPONENTS) {
    mkdirSync(join(directory, component), { mode: 0o700 });
    for (const [name, text] of keysOf(component, files)) {
      writeFileSync(join(directory, component, name), text, { mode: 0o600 });
    }
  }
  process.stdout.write(`keys of the bus are in ${directory}/{${COMPONENTS.join(',')}}\n`);
}
