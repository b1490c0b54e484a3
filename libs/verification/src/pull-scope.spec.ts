import { describe, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import { type HttpAnswer, type HttpRequest, type HttpTransport, PullCredential } from '#registry';

import { configurationOf } from '../test/fake-validator.js';
import { scopedTrustRevision } from './engine.js';
import { openEngine } from './open-engine.js';

const SECRET = 'username: admin\npassword: p\nregistry: ghcr.io/acme/own\n';

/** Wants Basic of everybody, and remembers who came. */
class BasicRegistry implements HttpTransport {
  readonly users: string[] = [];

  async request({ headers }: HttpRequest): Promise<HttpAnswer> {
    const authorization = headers['authorization'];
    if (authorization !== undefined) {
      this.users.push(Buffer.from(authorization.slice(6), 'base64').toString().split(':')[0] ?? '');
    }
    const challenge = new Map([['www-authenticate', 'Basic realm="r"']]);
    return await Promise.resolve({
      status: 401,
      headers: challenge,
      body: new Uint8Array(),
      network: 'public',
    });
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

function world(pullKey: string | undefined) {
  const transport = new BasicRegistry();
  const engine = openEngine(configurationOf({ auth: '    auth: { secretName: team-auth }' }), {
    transport,
    secretsDirectory: '/secrets',
    dockerConfig: undefined,
    readFile: (path) => (path === '/secrets/team-auth/secret.yaml' ? SECRET : undefined),
    clock: () => new Date(0),
    onFault: () => undefined,
    ...(pullKey === undefined
      ? {}
      : {
          pull: new PullCredential('s', 'scope', { key: pullKey, username: 'author', password: 'p' }),
        }),
  });
  const verify = async (text: string) => {
    const image = parseImageReference(text);
    const bound = engine.govern(image);
    if (bound === undefined) throw new Error('no rule');
    return await engine.verify(image, bound, new AbortController().signal);
  };
  return { transport, engine, verify };
}

describe('credentials that an object brings along', () => {
  test.for([
    { name: 'its own host', key: 'ghcr.io', image: 'ghcr.io/acme/api:1', users: ['author'] },
    { name: 'G25 never another host', key: 'ghcr.io.evil.example', image: 'ghcr.io/acme/api:1', users: [] },
    {
      name: 'where the operator chose, its credentials',
      key: 'ghcr.io',
      image: 'ghcr.io/acme/own:1',
      users: ['admin'],
    },
    { name: 'none', key: undefined, image: 'ghcr.io/acme/api:1', users: [] },
  ])('$name', async ({ key, image, users }) => {
    const { transport, verify } = world(key);
    expect(await verify(image)).toMatchObject({ outcome: 'undecided', code: 'CNS-2003' });
    expect(transport.users).toEqual(users);
  });

  test.for([
    { name: 'a place that nothing is configured for', image: 'ghcr.io/acme/api:1', lacks: true },
    { name: 'a place with a credential', image: 'ghcr.io/acme/own:1', lacks: false },
    { name: 'a validator that looks at no registry', image: 'example.com/x:1', lacks: false },
  ])('lacksCredentials: $name', ({ image, lacks }) => {
    const { engine } = world(undefined);
    const reference = parseImageReference(image);
    const bound = engine.govern(reference);
    expect(bound === undefined ? undefined : engine.lacksCredentials(reference, bound)).toBe(lacks);
  });

  test('an engine within a scope is opened once, and the one beside it is as it was', () => {
    const { engine } = world(undefined);
    const pull = new PullCredential('s', 'scope', { key: 'ghcr.io', username: 'u', password: 'p' });
    expect(engine.within(undefined)).toBe(engine);
    expect(engine.within(pull)).toBe(engine.within(pull));
    expect(engine.within(pull).trustRevision).toBe(scopedTrustRevision(engine.trustRevision, 'scope'));
  });

  test('H05 their scope is in the trust revision', () => {
    const plain = world(undefined).engine.trustRevision;
    expect(world('ghcr.io').engine.trustRevision).toBe(scopedTrustRevision(plain, 'scope'));
    expect(scopedTrustRevision(plain, 'scope')).not.toBe(scopedTrustRevision(plain, 'other'));
    expect(scopedTrustRevision(plain, 'scope')).not.toBe(plain);
  });
});
