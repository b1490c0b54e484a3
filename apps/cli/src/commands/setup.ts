import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeOwnCertificate } from '#standalone';

import { keys } from './keys.js';

export interface SetupOptions {
  /** `uid:gid` that may read what is made. */
  readonly owner?: string;
  /** Names beside localhost that the certificate is for. */
  readonly name: readonly string[];
}

/** `connaisseur setup DIR`: keys of the bus and a serving certificate for a first start; what is there already stays. */
export async function setup(directory: string, options: SetupOptions): Promise<void> {
  const keysDirectory = join(directory, 'keys');
  if (!existsSync(keysDirectory)) keys(keysDirectory);
  const certs = join(directory, 'certs');
  if (!existsSync(certs)) {
    mkdirSync(certs, { recursive: true, mode: 0o700 });
    const { ca, cert, key } = await makeOwnCertificate(options.name, new Date());
    writeFileSync(join(certs, 'tls.key'), key, { mode: 0o600 });
    writeFileSync(join(certs, 'tls.crt'), cert);
    writeFileSync(join(certs, 'ca.crt'), ca);
  }
  if (options.owner !== undefined) giveTo(directory, options.owner);
  process.stdout.write(`keys are in ${keysDirectory}, the certificate and its authority in ${certs}\n`);
}

function giveTo(directory: string, owner: string): void {
  const [uid, gid] = owner.split(':').map(Number);
  if (uid === undefined || gid === undefined || !Number.isInteger(uid) || !Number.isInteger(gid)) {
    throw new Error(`expected --owner UID:GID, got "${owner}"`);
  }
  for (const name of ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })]) {
    chownSync(join(directory, name), uid, gid);
  }
}
