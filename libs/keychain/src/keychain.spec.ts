import { inspect } from 'node:util';

import { expect, test } from 'vitest';

import type { CloudToken } from './cloud-token.js';
import { Keychain } from './keychain.js';

const CANARY = 'canary-11ab';
const EU = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const { signal } = new AbortController();

function world(lifeMs = 43_200_000) {
  const state = { now: 1_000_000, asked: [] as string[], failure: undefined as Error | undefined };
  const provider = (keyOf: (registry: { host: string }) => string) => ({
    keyOf,
    token: async ({ host }: { host: string }): Promise<CloudToken> => {
      state.asked.push(host);
      await Promise.resolve();
      if (state.failure !== undefined) throw state.failure;
      return { username: 'AWS', password: `${CANARY}${state.asked.length}`, expiresAt: state.now + lifeMs };
    },
  });
  const keychain = new Keychain({
    providers: {
      aws: { ...provider(({ host }) => host.slice(13)) },
      google: { ...provider(() => 'google') },
      azure: { ...provider(({ host }) => host) },
    },
    now: () => state.now,
  });
  const password = async (host: string): Promise<string | undefined> => {
    const credential = await keychain.find({ host, path: 'a' }, signal);
    const basic = credential?.authorization().slice('Basic '.length) ?? '';
    return credential === undefined ? undefined : Buffer.from(basic, 'base64').toString().split(':')[1];
  };
  return { keychain, state, password };
}

test.for([
  { name: 'ECR', host: EU, asked: [EU] },
  { name: 'Google', host: 'europe-docker.pkg.dev', asked: ['europe-docker.pkg.dev'] },
  { name: 'Azure', host: 'theshop.azurecr.io', asked: ['theshop.azurecr.io'] },
  { name: 'G25 a look-alike asks nobody and gets nothing', host: `${EU}.evil.example`, asked: [] },
  { name: 'a registry of nobody', host: 'ghcr.io', asked: [] },
])('$name', async ({ host, asked }) => {
  const { keychain, state, password } = world();
  expect(keychain.covers({ host, path: 'a' })).toBe(asked.length > 0);
  expect(await password(host)).toBe(asked.length > 0 ? `${CANARY}1` : undefined);
  expect(state.asked).toEqual(asked);
});

test.for([
  { name: 'long before the end: the same', lifeMs: 43_200_000, laterMs: 3_000_000, fetches: 1 },
  {
    name: 'after an hour: a new one, however long it lasts',
    lifeMs: 43_200_000,
    laterMs: 3_400_000,
    fetches: 2,
  },
  { name: 'before the end of a short one: the same', lifeMs: 600_000, laterMs: 470_000, fetches: 1 },
  { name: 'shortly before the end of a short one: a new one', lifeMs: 600_000, laterMs: 490_000, fetches: 2 },
  { name: 'one that has ended is not kept', lifeMs: -1, laterMs: 0, fetches: 2 },
])('a token $name', async ({ lifeMs, laterMs, fetches }) => {
  const { state, password } = world(lifeMs);
  await password(EU);
  state.now += laterMs;
  expect(await password(EU)).toBe(`${CANARY}${fetches}`);
});

test('one fetch serves all who wait, and all accounts of a region', async () => {
  const { state, password } = world();
  const other = EU.replace('1234', '4321');
  await Promise.all([password(EU), password(EU), password(other)]);
  expect(state.asked).toHaveLength(1);
});

test('a credential is of one host', async () => {
  const { keychain } = world();
  const one = await keychain.find({ host: EU, path: 'a' }, signal);
  const other = await keychain.find({ host: EU.replace('1234', '4321'), path: 'a' }, signal);
  expect(one?.id).not.toBe(other?.id);
});

test('without an identity: anonymous, told why, and asked again after a minute', async () => {
  const { keychain, state, password } = world();
  state.failure = Object.assign(new Error(CANARY), { name: 'CredentialsProviderError' });
  expect(await password(EU)).toBeUndefined();
  expect(await password(EU)).toBeUndefined();
  expect(state.asked).toHaveLength(1);
  const why = keychain.whyNone({ host: EU, path: 'a' });
  expect(why).toContain('CredentialsProviderError');
  state.failure = undefined;
  state.now += 61_000;
  expect(await password(EU)).toBe(`${CANARY}2`);
  expect(keychain.whyNone({ host: EU, path: 'a' })).toBeUndefined();
});

test('I6 no text of a provider, and no token, is told', async () => {
  const { keychain, state, password } = world();
  await password(EU);
  expect(inspect(keychain, { depth: 9, showHidden: true })).not.toContain(CANARY);
  state.failure = Object.assign(new Error(CANARY), { name: `Error ${CANARY}` });
  await password('gcr.io');
  expect(keychain.whyNone({ host: 'gcr.io', path: 'a' })).not.toContain(CANARY);
});

test('who leaves takes nothing away from those who stay', async () => {
  const { keychain, password } = world();
  const leaving = new AbortController();
  const left = keychain.find({ host: EU, path: 'a' }, leaving.signal);
  const stays = password(EU);
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  expect(await stays).toBe(`${CANARY}1`);
});

test('a provider that hangs is given up', async () => {
  const never = { keyOf: () => 'k', token: async () => await new Promise<CloudToken>(() => undefined) };
  const keychain = new Keychain({ providers: { aws: never, google: never, azure: never }, fetchMs: 1 });
  expect(await keychain.find({ host: EU, path: 'a' }, signal)).toBeUndefined();
  expect(keychain.whyNone({ host: EU, path: 'a' })).toContain('TimeoutError');
});

test('more at once than there is room for: anonymous', async () => {
  const { state, password } = world();
  const hosts = Array.from({ length: 40 }, (_, index) => `registry${index}.azurecr.io`);
  const found = await Promise.all(hosts.map(async (host) => await password(host)));
  expect(state.asked).toHaveLength(32);
  expect(found.filter((each) => each === undefined)).toHaveLength(8);
});
