// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { createHash } from 'node:crypto';
import { createServer, request as plainRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { loadConfiguration } from '#config';
import { parseImageReference } from '#image-ref';
import { createTransport, type HttpTransport } from '#registry';
import { RealNotary, type RealNotaryOptions } from '#testing';
import { openEngine, type VerificationEngine } from '#verification';

const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const A = digest('a');
const B = digest('b');
const C = digest('c');
const indent = (pem: string): string => pem.trim().replaceAll('\n', '\n          ');

interface Policy {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly keys: readonly string[];
  readonly with?: string;
  readonly auth?: string;
}

let transport: HttpTransport;
beforeAll(() => {
  transport = createTransport();
});
afterAll(() => transport.close());

/** A new engine, which knows of nothing that was before. */
function engineOf({ url, ca, keys, with: options = '{}', auth = '' }: Policy): VerificationEngine {
  const roots = keys.map(
    (key, index) => `      - name: ${index === 0 ? 'default' : `root${index}`}
        key: |
          ${indent(key)}`,
  );
  const cert = ca === undefined ? '' : `    cert: |\n          ${indent(ca)}\n`;
  const text = `validators:
  - name: notary
    type: notaryv1
    host: ${url}
${cert}${auth}    trustRoots:
${roots.join('\n')}
policy:
  - { pattern: "*:*", validator: notary, with: ${options} }
`;
  return openEngine(loadConfiguration({ file: { name: 'config.yaml', text } }), {
    transport,
    secretsDirectory: undefined,
    dockerConfig: undefined,
    readFile: () => undefined,
    clock: () => new Date(),
    onFault: (error) => {
      throw error;
    },
  });
}

async function verdict(engine: VerificationEngine, text: string, timeoutMs = 10_000): Promise<string> {
  const image = parseImageReference(text);
  const rule = engine.govern(image);
  if (rule === undefined) throw new Error('no rule');
  const answer = await engine.verify(image, rule, AbortSignal.timeout(timeoutMs));
  return answer.outcome === 'admitted' ? (answer.digest ?? 'none') : answer.code;
}

describe.each<RealNotaryOptions>([{ keys: 'local' }, { keys: 'signer' }])(
  'a server with keys: $keys',
  (options) => {
    let real: RealNotary;
    beforeAll(async () => {
      real = await RealNotary.start(options);
    });
    afterAll(() => real.stop());

    const policy = async (collection: string, more: Partial<Policy> = {}): Promise<Policy> => ({
      url: real.url,
      ca: real.ca,
      keys: await real.rootKeys(collection),
      ...more,
    });

    test('a signed tag, its digest, both, and what is not signed', async () => {
      const name = 'registry.example/acme/plain';
      await real.init(name);
      await real.add(name, 'v1', A);
      const engine = engineOf(await policy(name));
      expect(await verdict(engine, `${name}:v1`)).toBe(A);
      expect(await verdict(engine, `${name}@${A}`)).toBe(A);
      expect(await verdict(engine, `${name}:v1@${A}`)).toBe(A);
      expect(await verdict(engine, `${name}:v1@${B}`)).toBe('CNS-1005');
      expect(await verdict(engine, `${name}@${B}`)).toBe('CNS-1003');
      expect(await verdict(engine, `${name}:v2`)).toBe('CNS-1003');
      expect(await verdict(engine, 'registry.example/acme/never:v1')).toBe('CNS-1003');
    });

    test('a tag that is signed anew', async () => {
      const name = 'docker.io/library/again';
      await real.init(name);
      await real.add(name, 'v1', A);
      const engine = engineOf(await policy(name));
      expect(await verdict(engine, 'again:v1')).toBe(A);
      await real.notary('remove', '-p', name, 'v1');
      await real.add(name, 'v1', B);
      await expect.poll(() => verdict(engine, 'again:v1'), { timeout: 5_000 }).toBe(B);
    });

    test('two collections: the key of one is not that of the other', async () => {
      const [one, other] = ['registry.example/acme/one', 'registry.example/acme/other'];
      await real.init(one);
      await real.init(other);
      await real.add(one, 'v1', A);
      await real.add(other, 'v1', B);
      const engine = engineOf(await policy(one));
      expect(await verdict(engine, `${one}:v1`)).toBe(A);
      const [first, second] = [await real.rootKeys(one), await real.rootKeys(other)];
      // The client uses one root key for all its collections, certified for each.
      expect(first).toEqual(second);
      expect(await verdict(engine, `${other}:v1`)).toBe(B);
    });

    test('delegations: releases by default, required ones, paths, and one that is revoked', async () => {
      const name = 'registry.example/acme/delegated';
      await real.init(name);
      await real.add(name, 'v1', A);
      await real.delegate(name, 'targets/releases');
      await real.delegate(name, 'targets/alice', 'v');
      const fresh = async (with_ = '{}'): Promise<VerificationEngine> =>
        engineOf(await policy(name, { with: with_ }));
      expect(await verdict(await fresh(), `${name}:v1`)).toBe(A);
      await real.add(name, 'v1', B, 'targets/releases');
      await real.add(name, 'v1', B, 'targets/alice');
      expect(await verdict(await fresh(), `${name}:v1`)).toBe(B);
      expect(await verdict(await fresh('{ delegations: [releases, alice] }'), `${name}:v1`)).toBe(B);
      expect(await verdict(await fresh('{ delegations: [releases, bob] }'), `${name}:v1`)).toBe('CNS-1008');
      await real.notary('remove', '-p', name, 'v1', '--roles', 'targets/alice');
      await real.add(name, 'v1', C, 'targets/alice');
      expect(await verdict(await fresh('{ delegations: [releases, alice] }'), `${name}:v1`)).toBe('CNS-1009');
      await real.notary('delegation', 'remove', '-p', '-y', name, 'targets/alice');
      expect(await verdict(await fresh('{ delegations: [alice] }'), `${name}:v1`)).toBe('CNS-1008');
      expect(await verdict(await fresh(), `${name}:v1`)).toBe(B);
    });

    test('keys rotate: snapshot, timestamp, targets, and the root from 1 to 4 and beyond', async () => {
      const name = 'registry.example/acme/rotated';
      await real.init(name);
      await real.add(name, 'v1', A);
      const before = await policy(name);
      const kept = engineOf(before);
      expect(await verdict(kept, `${name}:v1`)).toBe(A);
      await real.notary('key', 'rotate', name, 'snapshot', '-r');
      await real.notary('key', 'rotate', name, 'timestamp', '-r');
      await real.notary('key', 'rotate', name, 'targets');
      for (let count = 0; count < 3; count += 1) await real.notary('key', 'rotate', name, 'root');
      await real.add(name, 'v2', B);
      const after = await policy(name);
      expect(after.keys).not.toEqual(before.keys);
      // One that has followed, one that starts with the first root key, one that starts with the newest.
      await expect.poll(() => verdict(kept, `${name}:v2`), { timeout: 5_000 }).toBe(B);
      expect(await verdict(engineOf(before), `${name}:v2`)).toBe(B);
      expect(await verdict(engineOf(after), `${name}:v2`)).toBe(B);
      const strange = await policy('registry.example/acme/plain');
      expect(strange.keys).toEqual(before.keys);
    });

    test('odd names of tags', async () => {
      const name = 'registry.example/acme/odd';
      await real.init(name);
      for (const tag of ['__proto__', '\u{10000}', '\ue000', 'é', '10', '9']) await real.add(name, tag, C);
      await real.add(name, 'v1', A);
      const engine = engineOf(await policy(name));
      expect(await verdict(engine, `${name}:v1`)).toBe(A);
      expect(await verdict(engine, `${name}:__proto__`)).toBe(C);
      expect(await verdict(engine, `${name}:constructor`)).toBe('CNS-1003');
    });

    test('another authority, another key', async () => {
      const name = 'registry.example/acme/plain';
      const mine = await policy(name);
      const [stranger = ''] = await real.rootKeys('registry.example/acme/rotated');
      expect(await verdict(engineOf({ ...mine, keys: [stranger] }), `${name}:v1`)).toBe('CNS-1004');
      if (real.ca !== undefined) {
        expect(await verdict(engineOf({ ...mine, ca: undefined }), `${name}:v1`)).toBe('CNS-2004');
      }
    });
  },
);

describe('a server behind a proxy', () => {
  const name = 'registry.example/acme/proxied';
  let real: RealNotary;
  let proxy: Server;
  let url = '';
  let odd: (path: string, authorization: string | undefined) => Odd | undefined = () => undefined;
  let seen: string[] = [];

  beforeAll(async () => {
    real = await RealNotary.start({ keys: 'local' });
    await real.init(name);
    for (const tag of ['v1', 'v2', 'v3']) await real.add(name, tag, A);
    ({ proxy, url } = await startProxy(real.url, (path, authorization) => {
      seen.push(path);
      return odd(path, authorization);
    }));
  });
  afterAll(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await real.stop();
  });

  const engine = async (auth = ''): Promise<VerificationEngine> =>
    engineOf({ url, keys: await real.rootKeys(name), auth });

  test('tokens: with the right credentials, with wrong ones, with none', async () => {
    odd = tokenServer(url, name);
    const inline = (password: string): string => `    auth: { username: robot, password: ${password} }\n`;
    expect(await verdict(await engine(inline('right')), `${name}:v1`)).toBe(A);
    expect(await verdict(await engine(inline('wrong')), `${name}:v1`)).toBe('CNS-2003');
    expect(await verdict(await engine(), `${name}:v1`)).toBe('CNS-2003');
    odd = () => undefined;
  });

  test('a hundred questions about one collection are one look', async () => {
    const asked = await engine();
    seen = [];
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => verdict(asked, `${name}:v${(index % 3) + 1}`)),
    );
    expect(new Set(answers)).toEqual(new Set([A]));
    expect(seen.filter((path) => path.endsWith('timestamp.json'))).toHaveLength(1);
    expect(seen).toHaveLength(4);
  });

  const roles = ['root', 'timestamp', 'snapshot', 'targets'];
  const faults: readonly {
    readonly name: string;
    readonly answer: Odd;
    readonly codes: readonly string[];
  }[] = [
    { name: '401', answer: { status: 401 }, codes: ['CNS-2003'] },
    { name: '403', answer: { status: 403 }, codes: ['CNS-2003'] },
    { name: '404', answer: { status: 404 }, codes: ['CNS-2007'] },
    { name: '429', answer: { status: 429, headers: { 'retry-after': '60' } }, codes: ['CNS-2005'] },
    { name: '500', answer: { status: 500 }, codes: ['CNS-2004'] },
    { name: '503', answer: { status: 503 }, codes: ['CNS-2004'] },
    {
      name: 'a web page',
      answer: { status: 200, body: '<html><body>hello</body></html>' },
      codes: ['CNS-2007'],
    },
    { name: 'nothing', answer: { status: 200, body: '' }, codes: ['CNS-2007'] },
    { name: 'half of it', answer: { status: 200, ends: 'early' }, codes: ['CNS-2004'] },
    { name: 'without an end', answer: { status: 200, ends: 'never' }, codes: ['CNS-2006', 'CNS-2007'] },
    { name: 'silence', answer: { status: 200, ends: 'silent' }, codes: ['CNS-2006'] },
  ];

  test.for(roles.flatMap((role) => faults.map((fault) => ({ role, ...fault }))))(
    'T27: $name for $role',
    async ({ role, answer, codes }) => {
      odd = (path) => (path.includes(`/${role}.`) || path.includes(`.${role}.`) ? answer : undefined);
      const started = performance.now();
      expect(codes).toContain(await verdict(await engine(), `${name}:v1`, 1_500));
      expect(performance.now() - started).toBeLessThan(5_000);
      odd = () => undefined;
      expect(await verdict(await engine(), `${name}:v1`)).toBe(A);
    },
  );
});

interface Odd {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly ends?: 'early' | 'never' | 'silent';
}

/** Hands everything to the server but what is odd. */
async function startProxy(
  target: string,
  odd: (path: string, authorization: string | undefined) => Odd | undefined,
): Promise<{ proxy: Server; url: string }> {
  const proxy = createServer((request, response) => {
    const path = request.url ?? '';
    const instead = odd(path, request.headers.authorization);
    if (instead === undefined) {
      plainRequest(`${target}${path}`, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }).end();
      return;
    }
    if (instead.ends === 'silent') return;
    if (instead.ends === 'early') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"signed":{', () => response.destroy());
      return;
    }
    response.writeHead(instead.status, instead.headers);
    if (instead.ends === 'never') {
      const timer = setInterval(() => response.write(' '.repeat(64 * 1024)), 5);
      response.on('close', () => clearInterval(timer));
    } else response.end(instead.body ?? '');
  });
  proxy.listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  // The kind of address that a TCP server has.
  return { proxy, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

/** distribution's token flow: a challenge, a token for `pull` of one collection, and only for `robot`. */
function tokenServer(
  url: string,
  collection: string,
): (path: string, authorization?: string) => Odd | undefined {
  const basic = `Basic ${Buffer.from('robot:right').toString('base64')}`;
  return (path, authorization) => {
    if (path.startsWith('/token')) {
      const isScope = new URL(path, url).searchParams.get('scope') === `repository:${collection}:pull`;
      return authorization === basic && isScope
        ? { status: 200, body: '{"token":"let-me-in"}' }
        : { status: 401 };
    }
    if (authorization === 'Bearer let-me-in') return undefined;
    return { status: 401, headers: { 'www-authenticate': `Bearer realm="${url}/token",service="notary"` } };
  };
}
