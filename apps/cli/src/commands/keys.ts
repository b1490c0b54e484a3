import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { generateBusKeys } from '#bus';

/** Which of the keys each component holds: nobody can speak for another. */
const HOLDERS: Readonly<Record<string, (name: string) => boolean>> = {
  gateway: (name) => /\.(?:requests\.key|verdicts\.pub|decisions\.key|decisions\.pub)$/.test(name),
  verifier: (name) => /\.(?:requests\.key|verdicts\.key|verdicts\.pub)$/.test(name),
  alerting: (name) => name.endsWith('.decisions.pub') || name === 'alerts.seal',
  console: (name) => name.endsWith('.decisions.pub'),
};

/** `connaisseur keys DIR`: new keys of the bus, sorted into one folder for each component; never overwrites. */
export function keys(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (readdirSync(directory).length > 0)
    throw new Error(`${directory} is not empty; keys are never overwritten`);
  const files = generateBusKeys(String(Math.floor(Date.now() / 1000)));
  files.set('alerts.seal', `${randomBytes(32).toString('base64')}\n`);
  for (const [component, holds] of Object.entries(HOLDERS)) {
    mkdirSync(join(directory, component), { mode: 0o700 });
    for (const [name, text] of files) {
      if (holds(name)) writeFileSync(join(directory, component, name), text, { mode: 0o600 });
    }
  }
  process.stdout.write(`keys of the bus are in ${directory}/{${Object.keys(HOLDERS).join(',')}}\n`);
}
