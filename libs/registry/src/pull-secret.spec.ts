import { inspect } from 'node:util';

import { expect, test } from 'vitest';

import { CredentialsError } from './credentials-error.js';
import { LayeredCredentials } from './layered-credentials.js';
import { Credentials } from './credentials.js';
import { PullSecretEntries } from './pull-secret.js';

const CANARY = 'canary-7f3a';
const auth = (user: string): string => Buffer.from(`${user}:${CANARY}`).toString('base64');
const config = (auths: unknown): string => JSON.stringify({ auths });

test.for<{ name: string; auths: unknown; host: string; path: string; user: string | undefined }>([
  {
    name: 'the host',
    auths: { 'ghcr.io': { auth: auth('one') } },
    host: 'ghcr.io',
    path: 'a/b',
    user: 'one',
  },
  {
    name: 'G25 a look-alike',
    auths: { 'ghcr.io': { auth: auth('one') } },
    host: 'ghcr.io.evil.example',
    path: 'a/b',
    user: undefined,
  },
  {
    name: 'Docker Hub by its oldest name',
    auths: { 'https://index.docker.io/v1/': { auth: auth('one') } },
    host: 'docker.io',
    path: 'library/nginx',
    user: 'one',
  },
  {
    name: 'most components of the path',
    auths: { 'ghcr.io': { auth: auth('one') }, 'ghcr.io/a': { auth: auth('two') } },
    host: 'ghcr.io',
    path: 'a/b',
    user: 'two',
  },
  {
    name: 'a component is whole',
    auths: { 'ghcr.io/a': { auth: auth('two') } },
    host: 'ghcr.io',
    path: 'ab/c',
    user: undefined,
  },
  {
    name: 'a wildcard names no host',
    auths: { '*.io': { auth: auth('one') } },
    host: 'ghcr.io',
    path: 'a',
    user: undefined,
  },
  {
    name: 'a broken entry beside a good one',
    auths: { 'x.io': { auth: '!' }, 'ghcr.io': { username: 'one', password: CANARY } },
    host: 'ghcr.io',
    path: 'a',
    user: 'one',
  },
])('$name', ({ auths, host, path, user }) => {
  const found = new PullSecretEntries(config(auths), 'dockerconfigjson').find({ host, path }, 's', 'uid/1');
  expect(found?.reveal().username).toBe(user);
});

test.for<{ name: string; text: string; format: 'dockerconfigjson' | 'dockercfg'; unusable: number | Error }>([
  {
    name: 'dockercfg',
    text: JSON.stringify({ 'a.io': { auth: auth('u') } }),
    format: 'dockercfg',
    unusable: 0,
  },
  { name: 'a helper', text: config({ 'a.io': {} }), format: 'dockerconfigjson', unusable: 1 },
  { name: 'a list', text: config({ 'a.io': [] }), format: 'dockerconfigjson', unusable: 1 },
  {
    name: 'no JSON',
    text: CANARY,
    format: 'dockerconfigjson',
    unusable: new CredentialsError('not-json', ''),
  },
  {
    name: 'auths of text',
    text: config('x'),
    format: 'dockerconfigjson',
    unusable: new CredentialsError('wrong-shape', ''),
  },
])('a pull secret: $name', ({ text, format, unusable }) => {
  if (typeof unusable === 'number') {
    expect(new PullSecretEntries(text, format).unusable).toBe(unusable);
    return;
  }
  let thrown: unknown;
  try {
    void new PullSecretEntries(text, format);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ name: 'CredentialsError', code: (unusable as CredentialsError).code });
  expect(inspect(thrown, { depth: 9 })).not.toContain(CANARY);
});

test('I6 prints no secret', () => {
  const entries = new PullSecretEntries(config({ 'a.io': { auth: auth('u') } }), 'dockerconfigjson');
  const found = entries.find({ host: 'a.io', path: 'x' }, 's', 'uid/1');
  for (const value of [entries, found]) {
    expect(`${inspect(value, { depth: 9 })} ${JSON.stringify(value)}`).not.toContain(CANARY);
  }
});

test('H05 the scope changes with the Secret, and only says where and who', () => {
  const scope = (identity: string, password: string): string | undefined =>
    new PullSecretEntries(config({ 'a.io': { username: 'u', password } }), 'dockerconfigjson').find(
      { host: 'a.io', path: 'x' },
      's',
      identity,
    )?.scopeId;
  expect(scope('uid/1', 'a')).toBe(scope('uid/1', 'b'));
  expect(scope('uid/1', 'a')).not.toBe(scope('uid/2', 'a'));
});

test('of layered sources the first that covers a place answers', async () => {
  const first = new Credentials([{ key: 'a.io/own', username: 'admin', password: 'p' }]);
  const second = new Credentials([{ key: 'a.io', username: 'author', password: 'p' }]);
  const layered = new LayeredCredentials([first, second]);
  const { signal } = new AbortController();
  const userAt = async (host: string, path: string): Promise<string | undefined> =>
    (await layered.find({ host, path }, signal))?.id;
  expect(await userAt('a.io', 'own/x')).toBe(first.find({ host: 'a.io', path: 'own/x' })?.id);
  expect(await userAt('a.io', 'other')).toBe(second.find({ host: 'a.io', path: 'other' })?.id);
  expect(await userAt('b.io', 'own')).toBeUndefined();
});
