// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Credentials } from './credentials.js';
import { CredentialsError } from './credentials-error.js';
import { readCredentials, readUserCredentials } from './read-credentials.js';
import { normalizeRegistryKey } from './registry-key.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const entry = (key: string, username = 'user'): { key: string; username: string; password: string } => ({
  key,
  username,
  password: 'canary-password',
});

function userOf(credentials: Credentials, host: string, path: string): string | undefined {
  const authorization = credentials.find({ host, path })?.authorization();
  return authorization === undefined
    ? undefined
    : Buffer.from(authorization.slice(6), 'base64').toString().split(':', 1)[0];
}

function codeOf(read: () => Credentials): string {
  try {
    return read().scopeId === 'anonymous' ? 'anonymous' : 'credentials';
  } catch (error) {
    return error instanceof CredentialsError ? error.code : String(error);
  }
}

describe('find', () => {
  test.for<{ name: string; keys: readonly string[]; host: string; path: string; key: string | undefined }>([
    { name: 'the host', keys: ['ghcr.io'], host: 'ghcr.io', path: 'a/b', key: 'ghcr.io' },
    {
      name: 'the longest path',
      keys: ['ghcr.io', 'ghcr.io/a/b', 'ghcr.io/a'],
      host: 'ghcr.io',
      path: 'a/b/c',
      key: 'ghcr.io/a/b',
    },
    { name: 'the whole path', keys: ['ghcr.io/a/b'], host: 'ghcr.io', path: 'a/b', key: 'ghcr.io/a/b' },
    {
      name: 'Docker Hub by its old URL',
      keys: ['https://index.docker.io/v1/'],
      host: 'docker.io',
      path: 'library/redis',
      key: 'https://index.docker.io/v1/',
    },
    {
      name: 'Docker Hub by name',
      keys: ['docker.io'],
      host: 'docker.io',
      path: 'library/redis',
      key: 'docker.io',
    },
    { name: 'the default port', keys: ['ghcr.io:443'], host: 'ghcr.io', path: 'a', key: 'ghcr.io:443' },
    { name: 'a port', keys: ['localhost:5000'], host: 'localhost:5000', path: 'a', key: 'localhost:5000' },
    {
      name: 'G25 a host that starts alike',
      keys: ['ghcr.io'],
      host: 'ghcr.io.evil.example',
      path: 'a',
      key: undefined,
    },
    { name: 'G25 another port', keys: ['ghcr.io'], host: 'ghcr.io:8443', path: 'a', key: undefined },
    { name: 'G25 a host below', keys: ['example.com'], host: 'ghcr.example.com', path: 'a', key: undefined },
    {
      name: 'G25 a component that starts alike',
      keys: ['ghcr.io/org'],
      host: 'ghcr.io',
      path: 'org-evil/x',
      key: undefined,
    },
    { name: 'G25 a path above', keys: ['ghcr.io/org/team'], host: 'ghcr.io', path: 'org', key: undefined },
  ])('$name', ({ keys, host, path, key }) => {
    const credentials = new Credentials(keys.map((name) => entry(name, name.replaceAll(/[:/]/g, '_'))));
    expect(userOf(credentials, host, path)).toBe(key?.replaceAll(/[:/]/g, '_'));
  });
});

describe('readCredentials', () => {
  const docker = (auths: unknown): ReadonlyMap<string, string> =>
    new Map([['.dockerconfigjson', JSON.stringify({ auths })]]);
  const yaml = (text: string): ReadonlyMap<string, string> => new Map([['secret.yaml', text]]);

  test.for<{ name: string; files: ReadonlyMap<string, string>; is: string }>([
    { name: 'auth', files: docker({ 'ghcr.io': { auth: base64('u:p') } }), is: 'credentials' },
    {
      name: 'username and password',
      files: docker({ 'ghcr.io': { username: 'u', password: 'p' } }),
      is: 'credentials',
    },
    {
      name: 'a password with colons',
      files: docker({ 'ghcr.io': { auth: base64('u:p:q') } }),
      is: 'credentials',
    },
    { name: 'no entries', files: docker({}), is: 'anonymous' },
    { name: 'auth that is not base64', files: docker({ 'ghcr.io': { auth: 'u:p' } }), is: 'bad-auth' },
    {
      name: 'auth with junk between',
      files: docker({ 'ghcr.io': { auth: `${base64('u:p')}!` } }),
      is: 'bad-auth',
    },
    {
      name: 'auth without its padding',
      files: docker({ 'ghcr.io': { auth: base64('us:p').replaceAll('=', '') } }),
      is: 'bad-auth',
    },
    { name: 'auth without a colon', files: docker({ 'ghcr.io': { auth: base64('user') } }), is: 'bad-auth' },
    { name: 'auth without a user', files: docker({ 'ghcr.io': { auth: base64(':p') } }), is: 'bad-auth' },
    { name: 'an identity token only', files: docker({ 'ghcr.io': { identitytoken: 'x' } }), is: 'empty' },
    { name: 'an empty entry', files: docker({ 'ghcr.io': {} }), is: 'empty' },
    { name: 'an entry that is no object', files: docker({ 'ghcr.io': 'x' }), is: 'wrong-shape' },
    {
      name: 'a key that is no host',
      files: docker({ 'u:p@ghcr.io': { auth: base64('u:p') } }),
      is: 'bad-key',
    },
    {
      name: 'a key twice',
      files: new Map([['.dockerconfigjson', '{"auths":{"a.b":{},"a.b":{}}}']]),
      is: 'not-json',
    },
    { name: 'no JSON', files: new Map([['.dockerconfigjson', 'canary-password']]), is: 'not-json' },
    { name: 'secret.yaml', files: yaml('username: u\npassword: p\nregistry: ghcr.io\n'), is: 'credentials' },
    {
      name: 'secret.yaml wins',
      files: new Map([...docker({ x: 1 }), ...yaml('{username: u, password: p, registry: ghcr.io}')]),
      is: 'credentials',
    },
    {
      name: 'a password of digits',
      files: yaml('username: u\npassword: 0123\nregistry: ghcr.io'),
      is: 'credentials',
    },
    { name: 'secret.yaml without registry', files: yaml('username: u\npassword: p'), is: 'no-registry' },
    { name: 'secret.yaml without password', files: yaml('username: u\nregistry: ghcr.io'), is: 'empty' },
    {
      name: 'a key twice in secret.yaml',
      files: yaml('username: u\nusername: v\npassword: p\nregistry: x.y'),
      is: 'not-yaml',
    },
    { name: 'a list in secret.yaml', files: yaml('- u'), is: 'wrong-shape' },
    {
      name: 'an alias bomb in secret.yaml',
      files: yaml(`a: &a [x]\n${Array.from({ length: 20 }, (_, at) => `b${at}: [*a,*a,*a]`).join('\n')}`),
      is: 'empty',
    },
    { name: 'no file', files: new Map(), is: 'no-file' },
  ])('$name: $is', ({ files, is }) => {
    expect(codeOf(() => readCredentials(files))).toBe(is);
  });

  test('digits of a password stay as they are written', () => {
    const credentials = readCredentials(yaml('username: u\npassword: 0123\nregistry: ghcr.io'));
    expect(credentials.find({ host: 'ghcr.io', path: 'a' })?.authorization()).toBe(
      `Basic ${base64('u:0123')}`,
    );
  });

  test('a default registry serves a secret.yaml without one', () => {
    const credentials = readCredentials(yaml('username: u\npassword: p'), 'notary.example');
    expect(userOf(credentials, 'notary.example', 'a')).toBe('u');
  });

  test('a user’s configuration may hold entries that a helper keeps', () => {
    const text = JSON.stringify({
      auths: { 'https://index.docker.io/v1/': {}, 'ghcr.io': { auth: base64('u:p') } },
      credsStore: 'x',
    });
    expect(userOf(readUserCredentials(text), 'ghcr.io', 'a')).toBe('u');
  });
});

describe('secrets', () => {
  const credentials = new Credentials([entry('ghcr.io')]);

  test('the password is in nothing that is printed', () => {
    const credential = credentials.find({ host: 'ghcr.io', path: 'a' });
    const printed = [
      inspect(credentials, { depth: 9, showHidden: true }),
      JSON.stringify(credentials),
      inspect(credential),
      JSON.stringify(credential),
      String(credential),
    ];
    expect(printed.join('\n')).not.toContain('canary');
    expect(printed.join('\n')).not.toContain(base64('user:canary-password'));
  });

  test('errors quote nothing of the file', () => {
    const files = [
      '{"auths":{"canary-password@x":{"auth":"dTpw"}}}',
      '{"auths":{"a.b":{"auth":"canary-password"}}}',
      '{canary-password',
    ];
    for (const file of files) {
      expect(() => readCredentials(new Map([['.dockerconfigjson', file]]))).toThrow(CredentialsError);
      try {
        readCredentials(new Map([['.dockerconfigjson', file]]));
      } catch (error) {
        expect(inspect(error, { depth: 9 })).not.toContain('canary');
      }
    }
    expect(
      inspect(codeOf(() => readCredentials(new Map([['secret.yaml', 'password: [canary-password']])))),
    ).toBe("'not-yaml'");
  });

  test('the scope changes with key and user, and not with the password', () => {
    const scope = (key: string, username: string, password: string): string =>
      new Credentials([{ key, username, password }]).scopeId;
    expect(scope('ghcr.io', 'u', 'p')).toBe(scope('https://ghcr.io/', 'u', 'q'));
    expect(
      new Set([
        scope('ghcr.io', 'u', 'p'),
        scope('ghcr.io', 'v', 'p'),
        scope('quay.io', 'u', 'p'),
        Credentials.none.scopeId,
      ]).size,
    ).toBe(4);
  });
});

test('any key is a place or a CredentialsError', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('a', 'b', '1', '.', ':', '/', '-', '_', '@', ' ', 'A', '[', ']', '*'),
        maxLength: 20,
      }),
      (key) => {
        try {
          expect(normalizeRegistryKey(key).host).toMatch(/^[a-z0-9.:[\]_-]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(CredentialsError);
        }
      },
    ),
  );
});
