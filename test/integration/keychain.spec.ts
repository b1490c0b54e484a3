// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { loadConfiguration } from '#config';
import { parseImageReference } from '#image-ref';
import { keychainEnvironment } from '#keychain';
import { createTransport } from '#registry';
import { makeOwnCertificate } from '#standalone';
import { CosignSigner } from '#testing';
import { FloorStore, RelayedFloors } from '#validator-notaryv1';
import { openEngine, openKeychain } from '#verification';

import { ThreadedVerification } from '../../apps/gateway/src/verdicts/threaded-verification.js';
import { SOURCE_FLAGS } from './source-flags.js';
import { renderedConfiguration } from './system.js';

const CHILD = join(import.meta.dirname, 'keychain-child.ts');
const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const GOOGLE = 'europe-docker.pkg.dev';
const ACR = 'theshop.azurecr.io';
const ECR_PASSWORD = 'ecr-canary';
const GOOGLE_TOKEN = 'google-canary';
const JWT = 'projected-token-canary';
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** STS, ECR, Google's metadata server and Entra ID, as far as the SDKs ask them. */
class Cloud {
  readonly asked: string[] = [];
  fails = false;
  readonly listener: RequestListener = (request, response) => {
    void bodyOf(request).then((body) => {
      const { status, type, text } = this.#answer(request, body);
      response.writeHead(status, { 'content-type': type, 'metadata-flavor': 'Google' }).end(text);
    });
  };

  #answer(
    { url = '', headers }: IncomingMessage,
    body: string,
  ): { status: number; type: string; text: string } {
    const json = (value: unknown) => ({ status: 200, type: 'application/json', text: JSON.stringify(value) });
    if (this.fails) return { status: 403, type: 'application/json', text: '{"message":"provider-canary"}' };
    if (body.includes('Action=AssumeRoleWithWebIdentity')) {
      this.asked.push(`sts ${body.includes(JWT)}`);
      return { status: 200, type: 'text/xml', text: ASSUMED };
    }
    if (String(headers['x-amz-target']).endsWith('.GetAuthorizationToken')) {
      this.asked.push('ecr');
      const authorizationToken = Buffer.from(`AWS:${ECR_PASSWORD}`).toString('base64');
      return json({ authorizationData: [{ authorizationToken, expiresAt: Date.now() / 1000 + 43_200 }] });
    }
    if (url.startsWith('/computeMetadata/v1/instance/service-accounts/default/token')) {
      this.asked.push('metadata');
      return json({ access_token: GOOGLE_TOKEN, expires_in: 3599, token_type: 'Bearer' });
    }
    if (url.startsWith('/computeMetadata/')) return { status: 200, type: 'text/plain', text: 'x' };
    if (url.includes('/.well-known/openid-configuration')) {
      const origin = `https://${String(headers.host)}/tenant`;
      return json({
        issuer: `${origin}/v2.0`,
        authorization_endpoint: `${origin}/oauth2/v2.0/authorize`,
        token_endpoint: `${origin}/oauth2/v2.0/token`,
        jwks_uri: `${origin}/keys`,
      });
    }
    if (url.startsWith('/tenant/oauth2/v2.0/token')) {
      const form = new URLSearchParams(body);
      this.asked.push(`entra ${form.get('scope')} ${form.get('client_assertion') === JWT}`);
      return json({ access_token: 'entra-canary', expires_in: 3599, token_type: 'Bearer' });
    }
    return { status: 404, type: 'application/json', text: '{}' };
  }
}

const ASSUMED = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDTEST</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>session</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const cloud = new Cloud();
let folder: string;
let servers: Server[];
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keychain-'));
  const { ca, cert, key } = await makeOwnCertificate(['localhost'], new Date());
  writeFileSync(join(folder, 'ca.pem'), ca);
  writeFileSync(join(folder, 'token'), JWT);
  const secure = createTlsServer({ cert, key }, cloud.listener);
  servers = [createServer(cloud.listener), secure];
  const [plain, tls] = await Promise.all([...servers].map(listen));
  environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${plain}`,
    AWS_ENDPOINT_URL_ECR: `http://127.0.0.1:${plain}`,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/verifier',
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'),
    AWS_REGION: 'eu-west-1',
    GCE_METADATA_HOST: `127.0.0.1:${plain}`,
    AZURE_AUTHORITY_HOST: `https://localhost:${tls}`,
    AZURE_TENANT_ID: 'tenant',
    AZURE_CLIENT_ID: 'client',
    AZURE_FEDERATED_TOKEN_FILE: join(folder, 'token'),
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  };
});

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly sent: readonly { readonly url: string; readonly authorization?: string; readonly body: string }[];
  readonly failures: readonly string[];
}

async function run(...hosts: string[]): Promise<Said & { readonly errors: string }> {
  const flags = ['--disallow-code-generation-from-strings', '--disable-proto=delete', ...SOURCE_FLAGS];
  const child = spawn(process.execPath, [...flags, CHILD, ...hosts], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [text, errors] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`the child ended with ${code}: ${errors}`);
  // What our own child wrote.
  return { ...(JSON.parse(text) as Said), errors };
}

test.for([
  {
    name: 'ECR with IRSA',
    host: ECR,
    asked: ['sts true', 'ecr'],
    authorization: basic('AWS', ECR_PASSWORD),
  },
  {
    name: 'Artifact Registry with the metadata server',
    host: GOOGLE,
    asked: ['metadata'],
    authorization: basic('oauth2accesstoken', GOOGLE_TOKEN),
  },
  {
    name: 'ACR with workload identity',
    host: ACR,
    asked: ['entra https://containerregistry.azure.net/.default true'],
    authorization: basic('00000000-0000-0000-0000-000000000000', 'acr-refresh-canary'),
  },
])('$name: the registry receives the token, twice from one fetch', async ({ host, asked, authorization }) => {
  cloud.asked.length = 0;
  const { sent } = await run(host, host);
  expect(cloud.asked).toEqual(asked);
  const registry = sent.filter(({ url }) => url.startsWith(`https://${host}/v2/`));
  expect(registry.map((request) => request.authorization)).toEqual([undefined, authorization, authorization]);
  const exchanges = sent.filter(({ url }) => !url.includes('/v2/'));
  expect(exchanges.map(({ url }) => url)).toEqual(host === ACR ? [`https://${ACR}/oauth2/exchange`] : []);
  expect(exchanges.every(({ body }) => body.includes('access_token=entra-canary'))).toBe(true);
});

test.for([
  `${ECR}.evil.example`,
  `evil-${GOOGLE}.example`,
  `${ACR}.evil.example`,
  'xgcr.io',
  'public.ecr.aws',
])('G25 %s gets nothing, and no provider is asked', async (host) => {
  cloud.asked.length = 0;
  const { sent, failures } = await run(host);
  expect(cloud.asked).toEqual([]);
  expect(sent.map(({ authorization }) => authorization)).toEqual([undefined]);
  expect(failures).toHaveLength(1);
});

test('I6 a provider that refuses: anonymous, and its text is in no message', async () => {
  cloud.fails = true;
  try {
    const { sent, failures, errors } = await run(ECR);
    expect(sent.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(failures.join()).toContain('the keychain got no token from AWS');
    expect(failures.join() + errors).not.toMatch(/canary/);
  } finally {
    cloud.fails = false;
  }
});

test('a gateway’s verification thread has the environment of the keychain, and asks there', async () => {
  cloud.asked.length = 0;
  const text = renderedConfiguration({
    host: ECR,
    publicKey: new CosignSigner('P-256').key.publicKeyPem,
  }).replace('    type: cosign\n', '    type: cosign\n    auth: { useKeychain: true }\n');
  const source = { file: { name: 'config.yaml', text } };
  const paths = { secretsDirectory: undefined, dockerConfig: undefined };
  const transport = createTransport();
  const keychain = openKeychain(transport, {});
  const engine = openEngine(loadConfiguration(source), {
    ...paths,
    transport,
    keychain,
    readFile: () => undefined,
    clock: () => new Date(),
    onFault: () => undefined,
  });
  const image = parseImageReference(`${ECR}/app:v1`);
  const bound = engine.govern(image);
  if (bound === undefined) throw new Error('no rule');
  const local = new ThreadedVerification({
    entry: new URL('../../dist/apps/gateway/src/verdicts/verification-thread.js', import.meta.url),
    execArgv: [],
    env: keychainEnvironment({ ...environment, REDIS_PASSWORD: 'never' }),
    setup: () => ({ source, ...paths }),
    floors: new RelayedFloors(new FloorStore()),
    onNotary: () => undefined,
    onCrash: () => undefined,
  });
  try {
    expect(engine.lacksCredentials(image, bound)).toBe(false);
    const { trustRevision, configuration } = engine;
    const question = { image, rule: bound.rule.hash, revision: configuration.trustRevision, trustRevision };
    // Nobody is at that name here; the token was asked for all the same.
    expect(await local.verify(question, AbortSignal.timeout(15_000))).toMatchObject({ outcome: 'undecided' });
    expect(cloud.asked).toEqual(['sts true', 'ecr']);
  } finally {
    await local.close();
    await transport.close();
  }
});
