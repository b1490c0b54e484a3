import { expect, test } from 'vitest';

import type { HttpAnswer, HttpRequest } from '#registry';

import { AzureTokens } from './azure.js';

const HOST = 'theshop.azurecr.io';
const { signal } = new AbortController();
const jwt = (exp: number): string => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`;

function world(status: number, body: string, entra: string | null = 'entra-token') {
  const requests: HttpRequest[] = [];
  const scopes: unknown[] = [];
  const azure = new AzureTokens({
    env: {},
    transport: {
      request: async (request): Promise<HttpAnswer> => {
        requests.push(request);
        return await Promise.resolve({
          status,
          headers: new Map(),
          body: Buffer.from(body),
          network: 'public',
        });
      },
    },
    open: async () =>
      await Promise.resolve({
        getToken: async (scope) => {
          scopes.push(scope);
          return await Promise.resolve(entra === null ? null : { token: entra, expiresOnTimestamp: 0 });
        },
      }),
  });
  return { azure, requests, scopes };
}

test('an Entra token goes to exactly the registry, and comes back as its refresh token', async () => {
  const refresh = jwt(2_000_000_000);
  const { azure, requests, scopes } = world(200, JSON.stringify({ refresh_token: refresh }));
  expect(await azure.token({ provider: 'azure', host: HOST }, signal)).toEqual({
    username: '00000000-0000-0000-0000-000000000000',
    password: refresh,
    expiresAt: 2_000_000_000_000,
  });
  expect(scopes).toEqual(['https://containerregistry.azure.net/.default']);
  expect(requests).toHaveLength(1);
  const [request] = requests;
  expect(request?.url.href).toBe(`https://${HOST}/oauth2/exchange`);
  expect(Object.fromEntries(new URLSearchParams(String(request?.body)))).toEqual({
    grant_type: 'access_token',
    service: HOST,
    access_token: 'entra-token',
  });
});

test.for<{ name: string; status: number; body: string; entra?: null; reason: string }>([
  { name: 'the registry refuses', status: 401, body: '{}', reason: 'refused' },
  { name: 'no JSON', status: 200, body: 'entra-token', reason: 'malformed' },
  { name: 'no refresh token', status: 200, body: '{"access_token":"x"}', reason: 'malformed' },
  { name: 'no Entra token', status: 200, body: '{}', entra: null, reason: 'no-token' },
])('$name', async ({ status, body, entra, reason }) => {
  const { azure } = world(status, body, entra);
  const error: unknown = await azure
    .token({ provider: 'azure', host: HOST }, signal)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'CloudTokenError', reason });
  expect(String(error)).not.toContain('entra-token');
});
