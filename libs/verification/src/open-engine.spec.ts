// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import type { AuthConfig } from '#config';
import { type ImageReference, parseImageReference } from '#image-ref';
import { Credentials, type HttpAnswer, type HttpRequest, type HttpTransport } from '#registry';
import { ValidatorSetupError } from '#validator';
import { FloorStore } from '#validator-notaryv1';

import { configurationOf } from '../test/fake-validator.js';
import { createValidators } from './create-validators.js';
import { type EngineOptions, openEngine } from './open-engine.js';

const IMAGE = parseImageReference('ghcr.io/acme/api:1');
const SECRET = 'username: robot\npassword: canary-s3cr3t\nregistry: ghcr.io\n';

/** Remembers what it was asked, and answers 401 with a challenge for Basic. */
class Registry401 implements HttpTransport {
  readonly asked: HttpRequest[] = [];

  async request(request: HttpRequest): Promise<HttpAnswer> {
    this.asked.push(request);
    const headers = new Map([['www-authenticate', 'Basic realm="r"']]);
    return { status: 401, headers, body: new Uint8Array(), network: 'public' };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

function optionsOf(options: Partial<EngineOptions> = {}): EngineOptions & { transport: Registry401 } {
  return {
    secretsDirectory: '/secrets',
    dockerConfig: undefined,
    readFile: () => undefined,
    clock: () => new Date(0),
    onFault: () => undefined,
    ...options,
    transport: new Registry401(),
  };
}

function files(entries: Record<string, string>): (path: string) => string | undefined {
  const map = new Map(Object.entries(entries));
  return (path) => map.get(path);
}

const WITH_SECRET = { auth: '    auth: { secretName: team-auth }' };

describe('secrets', () => {
  test.for([
    { name: 'secret.yaml', entries: { '/secrets/team-auth/secret.yaml': SECRET } },
    {
      name: '.dockerconfigjson',
      entries: {
        '/secrets/team-auth/.dockerconfigjson': JSON.stringify({
          auths: { 'ghcr.io': { username: 'robot', password: 'canary-s3cr3t' } },
        }),
      },
    },
  ])('$name is read and used', async ({ entries }) => {
    const options = optionsOf({ readFile: files(entries) });
    const engine = openEngine(configurationOf(WITH_SECRET), options);
    const verdict = await verify(engine, IMAGE);
    expect(verdict).toMatchObject({ outcome: 'undecided', code: 'CNS-2003' });
    const basic = `Basic ${Buffer.from('robot:canary-s3cr3t').toString('base64')}`;
    expect(options.transport.asked.map(({ headers }) => new Headers(headers).get('authorization'))).toContain(
      basic,
    );
    expect(JSON.stringify(verdict)).not.toContain('canary');
  });

  test.for<{ name: string; options: Partial<EngineOptions> }>([
    { name: 'a secret that is not there', options: {} },
    { name: 'a secret without a directory for secrets', options: { secretsDirectory: undefined } },
    {
      name: 'a secret that is none',
      options: { readFile: files({ '/secrets/team-auth/secret.yaml': '[]' }) },
    },
    {
      name: 'a secret that cannot be read',
      options: {
        readFile: () => {
          throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
        },
      },
    },
  ])('$name: the validator denies with CNS-3001, alone, and asks nobody', async ({ options }) => {
    const all = optionsOf(options);
    const engine = openEngine(configurationOf(WITH_SECRET), all);
    await expect(verify(engine, IMAGE)).resolves.toMatchObject({ code: 'CNS-3001' });
    await expect(verify(engine, parseImageReference('docker.io/library/x'))).resolves.toMatchObject({
      code: 'CNS-1002',
    });
    expect(all.transport.asked).toEqual([]);
  });

  test('H05: other credentials are another trust revision', () => {
    const revisionWith = (username: string): string => {
      const text = SECRET.replace('robot', username);
      const options = optionsOf({ readFile: files({ '/secrets/team-auth/secret.yaml': text }) });
      return openEngine(configurationOf(WITH_SECRET), options).trustRevision;
    };
    expect(revisionWith('robot')).not.toBe(revisionWith('other'));
    expect(revisionWith('robot')).toBe(revisionWith('robot'));
  });

  // The configuration refuses such names already; this is the second net under the path.
  test.for(['../other', 'a/b', '..', 'a..b', '', '/etc', 'UPPER', 'a'.repeat(300)])(
    'A06: "%s" is no name of a secret, and nothing is read',
    (secretName) => {
      const read: string[] = [];
      const configuration = configurationOf(WITH_SECRET);
      const validators = configuration.validators.map((validator) =>
        validator.type === 'cosign'
          ? { ...validator, auth: { kind: 'secret', secretName } as const }
          : validator,
      );
      const options = optionsOf({
        readFile: (path) => {
          read.push(path);
          return SECRET;
        },
      });
      const engine = openEngine({ ...configuration, validators }, options);
      expect(engine.govern(IMAGE)?.kind).toBe('fault');
      expect(read).toEqual([]);
    },
  );
});

describe('createValidators', () => {
  function setOf(auth: AuthConfig) {
    const configuration = configurationOf();
    const validators = configuration.validators.map((validator) =>
      validator.type === 'cosign' ? { ...validator, auth } : validator,
    );
    return createValidators(
      { ...configuration, validators },
      {
        transport: new Registry401(),
        readSecret: () => new Credentials([{ key: 'ghcr.io', username: 'robot', password: 'p' }]),
        userCredentials: Credentials.none,
        keychain: Credentials.none,
        notary: { floors: new FloorStore(), observe: () => undefined },
      },
    );
  }
  const password = { reveal: () => 'p' } as never;

  test.for<{ name: string; auth: AuthConfig; ok: boolean; scope?: string | undefined }>([
    { name: 'no auth', auth: { kind: 'none' }, ok: true, scope: 'team=anonymous' },
    { name: 'a secret', auth: { kind: 'secret', secretName: 's' }, ok: true },
    { name: 'inline', auth: { kind: 'inline', registry: 'ghcr.io', username: 'u', password }, ok: true },
    {
      name: 'inline without a registry',
      auth: { kind: 'inline', registry: undefined, username: 'u', password },
      ok: false,
    },
    { name: 'the keychain', auth: { kind: 'keychain' }, ok: true },
  ])('auth $name: $ok', ({ auth, ok, scope }) => {
    const { validators, credentialScopes } = setOf(auth);
    expect(validators.get('team') instanceof ValidatorSetupError).toBe(!ok);
    expect(credentialScopes).toHaveLength(ok ? 1 : 0);
    if (scope !== undefined) expect(credentialScopes).toEqual([scope]);
    expect(credentialScopes.join()).not.toContain('robot');
  });

  test('a type that is not built denies with CNS-3001; the others work', () => {
    const { validators } = setOf({ kind: 'none' });
    expect([...validators].map(([name, value]) => [name, value instanceof ValidatorSetupError])).toEqual([
      ['deny', false],
      ['team', false],
      ['old', true],
    ]);
  });
});

describe('a validator of type notaryv1', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });
  const config = {
    type: 'notaryv1',
    name: 'notary',
    host: 'https://notary.example/',
    cert: undefined,
    unsafeIgnoreCollectionName: false,
    trustRoots: [{ name: 'default', key: key.toString() }],
  } as const;
  const password = { reveal: () => 'p' } as never;

  test.for<{ name: string; auth: AuthConfig; host?: string; ok: boolean; asked?: string }>([
    { name: 'without auth', auth: { kind: 'none' }, ok: true },
    {
      name: 'a secret that names no registry is for its server',
      auth: { kind: 'secret', secretName: 's' },
      ok: true,
      asked: 'notary.example',
    },
    {
      name: 'so are user name and password',
      auth: { kind: 'inline', registry: undefined, username: 'u', password },
      ok: true,
    },
    { name: 'a host that is none', auth: { kind: 'none' }, host: '', ok: false },
  ])('$name', ({ auth, host = config.host, ok, asked }) => {
    const hosts: (string | undefined)[] = [];
    const { validators } = createValidators(
      { ...configurationOf(), validators: [{ ...config, host, auth }] },
      {
        transport: new Registry401(),
        readSecret: (_name, defaultHost) => {
          hosts.push(defaultHost);
          return Credentials.none;
        },
        userCredentials: Credentials.none,
        keychain: Credentials.none,
        notary: { floors: new FloorStore(), observe: () => undefined },
      },
    );
    expect(validators.get('notary') instanceof ValidatorSetupError).toBe(!ok);
    expect(hosts).toEqual(asked === undefined ? [] : [asked]);
  });
});

async function verify(engine: ReturnType<typeof openEngine>, image: ImageReference) {
  const bound = engine.govern(image);
  if (bound === undefined) throw new Error('no rule');
  return await engine.verify(image, bound, AbortSignal.timeout(5_000));
}
