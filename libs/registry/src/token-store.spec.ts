import { describe, expect, test } from 'vitest';

import { RegistryError } from './error.js';
import { REGISTRY_LIMITS } from './limits.js';
import { parseTokenAnswer } from './token-answer.js';
import { TokenStore } from './token-store.js';

describe('TokenStore', () => {
  test.for([
    { name: 'a long life ends ten seconds early', lifeMs: 300_000, usableMs: 290_000 },
    { name: 'a short life ends at four fifths', lifeMs: 5_000, usableMs: 4_000 },
    { name: 'no life, no second use', lifeMs: 0, usableMs: 0 },
  ])('$name', async ({ lifeMs, usableMs }) => {
    let now = 1_000;
    let fetched = 0;
    const store = new TokenStore(() => now);
    const get = (): Promise<string> =>
      store.get('key', () => Promise.resolve({ token: `t${++fetched}`, lifeMs }));
    await get();
    now += usableMs - 1;
    if (usableMs > 0) expect(await get()).toBe('t1');
    now += 1;
    expect(await get()).toBe('t2');
  });

  test('everybody who asks meanwhile shares one fetch', async () => {
    let fetched = 0;
    const store = new TokenStore(() => 0);
    const fetch = async (): Promise<{ token: string; lifeMs: number }> => {
      fetched += 1;
      await Promise.resolve();
      return { token: 't', lifeMs: 60_000 };
    };
    await Promise.all(Array.from({ length: 50 }, () => store.get('key', fetch)));
    expect(fetched).toBe(1);
  });

  test('a failed fetch is not kept', async () => {
    const store = new TokenStore(() => 0);
    await expect(store.get('key', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await store.get('key', () => Promise.resolve({ token: 't', lifeMs: 1 }))).toBe('t');
  });

  test('drop takes only the token that was meant', async () => {
    const store = new TokenStore(() => 0);
    await store.get('key', () => Promise.resolve({ token: 'new', lifeMs: 60_000 }));
    store.drop('key', 'old');
    expect(await store.get('key', () => Promise.reject(new Error('asked again')))).toBe('new');
    store.drop('key', 'new');
    await expect(store.get('key', () => Promise.reject(new Error('asked again')))).rejects.toThrow(
      'asked again',
    );
  });

  test('the oldest makes room', async () => {
    const store = new TokenStore(() => 0);
    for (let at = 0; at <= REGISTRY_LIMITS.tokensCount; at += 1) {
      await store.get(`key ${at}`, () => Promise.resolve({ token: 't', lifeMs: 60_000 }));
    }
    await expect(store.get('key 0', () => Promise.reject(new Error('asked again')))).rejects.toThrow(
      'asked again',
    );
    expect(await store.get('key 1', () => Promise.reject(new Error('asked again')))).toBe('t');
  });
});

describe('parseTokenAnswer', () => {
  const parse = (answer: unknown): string => {
    try {
      const { token, lifeMs } = parseTokenAnswer(
        Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
        'registry.example',
      );
      return `${token.slice(0, 8)} ${lifeMs}`;
    } catch (error) {
      return error instanceof RegistryError ? error.reason : String(error);
    }
  };

  test.for([
    { name: 'token', answer: { token: 'abc', expires_in: 300 }, is: 'abc 300000' },
    { name: 'access_token', answer: { access_token: 'abc', expires_in: 300 }, is: 'abc 300000' },
    {
      name: 'an empty token beside access_token',
      answer: { token: '', access_token: 'abc' },
      is: 'abc 60000',
    },
    { name: 'no life', answer: { token: 'abc' }, is: 'abc 60000' },
    {
      name: 'as long as allowed',
      answer: { token: 'a'.repeat(REGISTRY_LIMITS.tokenCharacters) },
      is: 'aaaaaaaa 60000',
    },
    {
      name: 'G24 a huge token',
      answer: { token: 'a'.repeat(REGISTRY_LIMITS.tokenCharacters + 1) },
      is: 'malformed',
    },
    { name: 'G24 a negative life', answer: { token: 'abc', expires_in: -1 }, is: 'malformed' },
    { name: 'G24 a life as text', answer: { token: 'abc', expires_in: '300' }, is: 'malformed' },
    {
      name: 'G24 a life of years',
      answer: { token: 'abc', expires_in: 1e12 },
      is: `abc ${REGISTRY_LIMITS.tokenLifeMaxMs}`,
    },
    { name: 'G24 a token that breaks out of its header', answer: { token: 'abc\r\nx: y' }, is: 'malformed' },
    { name: 'G24 a token with a space', answer: { token: 'a b' }, is: 'malformed' },
    { name: 'no token', answer: {}, is: 'malformed' },
    { name: 'G36 HTML', answer: '<html>', is: 'malformed' },
    { name: 'a list', answer: [], is: 'malformed' },
  ])('$name', ({ answer, is }) => {
    expect(parse(answer)).toBe(is);
  });
});
