import { describe, expect, test } from 'vitest';

import { RegistryError } from './error.js';
import type { HttpAnswer } from './http-transport.js';
import { judgeRealm } from './realm.js';
import { registrableDomain, sharesOwner } from './registrable-domain.js';
import { RegistryHosts, type RegistrySettings } from './registry-host.js';

type Network = HttpAnswer['network'];

function judge(
  host: string,
  realm: string,
  network: Network = 'public',
  settings: readonly RegistrySettings[] = [],
): string {
  try {
    const { mayCarryCredentials, reach } = judgeRealm(
      realm,
      new RegistryHosts({ registries: settings, namedHosts: new Set([host]) }).endpoint(host),
      network,
    );
    return `${mayCarryCredentials ? 'credentials' : 'anonymous'} ${reach}`;
  } catch (error) {
    return error instanceof RegistryError ? error.reason : String(error);
  }
}

const plain = [{ host: 'registry.corp', insecurePlainHttp: true }];

describe('judgeRealm', () => {
  test.for<{
    name: string;
    host: string;
    realm: string;
    is: string;
    network?: Network;
    settings?: readonly RegistrySettings[];
  }>([
    {
      name: 'Docker Hub',
      host: 'docker.io',
      realm: 'https://auth.docker.io/token',
      is: 'credentials public',
    },
    { name: 'its own host', host: 'ghcr.io', realm: 'https://ghcr.io/token', is: 'credentials private' },
    {
      name: 'the registrable domain',
      host: 'registry.gitlab.com',
      realm: 'https://gitlab.com/jwt/auth',
      is: 'credentials public',
    },
    {
      name: 'a configured host',
      host: 'registry.corp',
      realm: 'https://login.example/t',
      is: 'credentials public',
      settings: [{ host: 'registry.corp', tokenHosts: ['login.example'] }],
    },
    {
      name: 'a private registry’s realm may be private',
      host: 'registry.corp.example',
      realm: 'https://login.corp.example/t',
      is: 'credentials private',
      network: 'private',
    },
    {
      name: 'plain http on the plain registry itself',
      host: 'registry.corp',
      realm: 'http://registry.corp/t',
      is: 'credentials loopback',
      settings: plain,
    },
    {
      name: 'loopback for loopback',
      host: '127.0.0.1:5000',
      realm: 'http://localhost:5001/t',
      is: 'credentials loopback',
      network: 'loopback',
    },
    {
      name: 'G23 another public host gets no credentials',
      host: 'ghcr.io',
      realm: 'https://evil.example/token',
      is: 'anonymous public',
    },
    {
      name: 'G23 a host that only ends alike',
      host: 'ghcr.io',
      realm: 'https://ghcr.io.evil.example/token',
      is: 'anonymous public',
    },
    {
      name: 'G23 another port of the same host',
      host: 'ghcr.io',
      realm: 'https://ghcr.io:8443/token',
      is: 'anonymous public',
    },
    {
      name: 'G23 another tenant of a shared domain',
      host: 'a.azurecr.io',
      realm: 'https://b.azurecr.io/token',
      is: 'anonymous public',
    },
    { name: 'G23 http from https', host: 'ghcr.io', realm: 'http://ghcr.io/token', is: 'refused-by-policy' },
    {
      name: 'G23 http elsewhere from a plain registry',
      host: 'registry.corp',
      realm: 'http://evil.example/',
      is: 'refused-by-policy',
      settings: plain,
    },
    {
      name: 'G23 userinfo',
      host: 'ghcr.io',
      realm: 'https://ghcr.io@evil.example/',
      is: 'refused-by-policy',
    },
    {
      name: 'G23 userinfo on the own host',
      host: 'ghcr.io',
      realm: 'https://a:b@ghcr.io/',
      is: 'refused-by-policy',
    },
    {
      name: 'G21 another scheme',
      host: 'ghcr.io',
      realm: 'unix:///run/containerd.sock',
      is: 'refused-by-policy',
    },
    { name: 'G23 no URL', host: 'ghcr.io', realm: 'token', is: 'refused-by-policy' },
    {
      name: 'G23 too long',
      host: 'ghcr.io',
      realm: `https://ghcr.io/${'a'.repeat(2_048)}`,
      is: 'refused-by-policy',
    },
    {
      name: 'G21 a public registry’s realm stays public',
      host: 'ghcr.io',
      realm: 'https://10.0.0.1/t',
      is: 'anonymous public',
    },
  ])('$name', ({ host, realm, is, network, settings }) => {
    expect(judge(host, realm, network, settings)).toBe(is);
  });
});

test.for([
  { host: 'registry.gitlab.com', domain: 'gitlab.com' },
  { host: 'quay.io', domain: 'quay.io' },
  { host: 'registry.example.co.uk', domain: 'example.co.uk' },
  { host: 'co.uk', domain: undefined },
  { host: 'a.azurecr.io', domain: 'a.azurecr.io' },
  { host: 'azurecr.io', domain: 'azurecr.io' },
  { host: '1.dkr.ecr.eu-west-1.amazonaws.com', domain: '1.dkr.ecr.eu-west-1.amazonaws.com' },
  { host: 'localhost', domain: undefined },
  { host: '10.0.0.1', domain: undefined },
  { host: '[::1]', domain: undefined },
])('registrable domain of $host', ({ host, domain }) => {
  expect(registrableDomain(host)).toBe(domain);
});

test('addresses share an owner with themselves only', () => {
  expect(sharesOwner(new URL('https://10.0.0.1'), new URL('https://10.0.0.2'))).toBe(false);
  expect(sharesOwner(new URL('https://10.0.0.1'), new URL('https://10.0.0.1'))).toBe(true);
});
