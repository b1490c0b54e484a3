import { createPrivateKey } from 'node:crypto';

import { expect, test } from 'vitest';

import { issueServing, makeAuthority } from '#certificates';

import { InstallationError } from './error.js';
import { assertServingPair } from './serving-pair.js';

const DAY_MS = 86_400_000;
const HOST = 'connaisseur-svc.connaisseur.svc';
const now = new Date('2026-11-21T00:00:00Z');
const later = (days: number): Date => new Date(now.getTime() + days * DAY_MS);

const authority = await makeAuthority('mine', { now, lifetimeMs: 30 * DAY_MS });
const stranger = await makeAuthority('another', { now, lifetimeMs: 30 * DAY_MS });
const short = await makeAuthority('short', { now, lifetimeMs: DAY_MS });
const pair = await issueServing(authority, [HOST], { now, lifetimeMs: 20 * DAY_MS });
const other = await issueServing(authority, ['elsewhere.svc'], { now, lifetimeMs: 20 * DAY_MS });
const wide = await issueServing(authority, ['*.connaisseur.svc'], { now, lifetimeMs: 20 * DAY_MS });
const future = await issueServing(authority, [HOST], { now: later(5), lifetimeMs: 9 * DAY_MS });
const encrypted = createPrivateKey(pair.key)
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' })
  .toString();

interface Row {
  readonly name: string;
  readonly crt?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly at?: Date;
  /** What the message names; absent where the pair is taken. */
  readonly says?: string;
}

test.for<Row>([
  { name: 'certificate, key and authority' },
  { name: 'no authority of its own', ca: '' },
  { name: 'itself as its authority', ca: pair.cert },
  { name: 'a chain with what nobody asked for', crt: [pair.cert, stranger.cert, authority.cert].join('\n') },
  { name: 'several authorities', ca: [stranger.cert, authority.cert].join('\n') },
  { name: 'a wildcard', crt: wide.cert, key: wide.key },
  { name: 'text that is no certificate', crt: 'no certificate', says: 'tls.crt' },
  { name: 'a torn certificate', crt: pair.cert.replace('MII', 'MIJ'), says: 'tls.crt' },
  { name: 'nothing', crt: '', key: '', says: 'tls.crt' },
  { name: 'text that is no key', key: 'no key', says: 'tls.key' },
  { name: 'a key with a passphrase', key: encrypted, says: 'tls.key' },
  { name: 'the key of another', key: other.key, says: 'tls.crt' },
  { name: 'the chain upside down', crt: [authority.cert, pair.cert].join('\n'), says: 'tls.crt' },
  { name: 'another name', crt: other.cert, key: other.key, says: HOST },
  { name: 'ended', at: later(20), says: 'until 2026-12-11' },
  { name: 'the moment before it ends', at: new Date(later(20).getTime() - 1000) },
  { name: 'not begun', crt: future.cert, key: future.key, says: 'from 2026-11-25' },
  { name: 'begun', crt: future.cert, key: future.key, at: later(6) },
  { name: 'an authority that is none', ca: 'no certificate', says: 'ca.crt' },
  { name: 'an authority that did not sign it', ca: stranger.cert, says: 'ca.crt' },
  { name: 'only an authority that ended', ca: short.cert, at: later(2), says: 'ca.crt' },
])('$name', ({ crt = pair.cert, key = pair.key, ca = authority.cert, at = now, says }) => {
  const files = new Map([
    ['tls.crt', crt],
    ['tls.key', key],
    ['ca.crt', ca],
  ]);
  const use = { secret: 'my-tls', host: HOST, now: at, remedy: 'Make it anew' };
  if (says === undefined) {
    expect(() => assertServingPair(files, use)).not.toThrow();
    return;
  }
  const error = thrownBy(() => assertServingPair(files, use));
  expect(error).toBeInstanceOf(InstallationError);
  expect(error).toMatchObject({ code: 'certificate', message: expect.stringContaining(says) });
  for (const line of [pair.key, other.key, encrypted].flatMap((pem) => pem.split('\n').slice(1, 3))) {
    expect(String(error)).not.toContain(line);
  }
});

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
