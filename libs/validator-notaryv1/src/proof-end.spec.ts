import { expect, test } from 'vitest';

import {
  NOTARY_COLLECTION as COLLECTION,
  NOTARY_KEYS as KEYS,
  NOTARY_NOW as NOW,
  notaryDigest,
  NotaryKey,
  NotaryWorld,
  type TrustDataBreak,
} from '#testing';

const A = notaryDigest('a');
const RELEASES = NotaryKey.ecdsa();
const BOB = NotaryKey.ed25519();
const SOON = NOW + 3_600_000;

/** `releases` delegates to `releases/bob`, who alone has signed v1. */
async function nested(...breaks: readonly TrustDataBreak[]): Promise<NotaryWorld> {
  const world = new NotaryWorld();
  const collection = await world.notary.collection(COLLECTION);
  collection
    .delegate('targets/releases', [RELEASES])
    .delegate('targets/releases/bob', [BOB])
    .add('v1', A, 'targets/releases/bob')
    .publish(...breaks);
  return world;
}

test.for([
  { name: 'that signed', role: 'targets/releases/bob', delegations: undefined },
  { name: 'on the way to the one that signed', role: 'targets/releases', delegations: undefined },
  { name: 'on the way to a required one', role: 'targets/releases', delegations: ['releases/bob'] },
])('a proof ends with the role $name', async ({ role, delegations }) => {
  const world = await nested({ role, expires: new Date(SOON).toISOString() });
  const asking = delegations === undefined ? {} : { with: { delegations } };
  expect((await world.ask(asking)).notAfter).toBe(SOON);
  expect(await world.verdict({ ...asking, now: SOON + 1 })).toBe('CNS-1007');
});

test('a proof does not end with a role that it does not rest on', async () => {
  const world = await nested();
  const collection = await world.notary.collection(COLLECTION);
  collection
    .delegate('targets/releases', [RELEASES])
    .delegate('targets/releases/bob', [BOB])
    .add('v1', A, 'targets/releases')
    .publish({ role: 'targets/releases/bob', expires: new Date(SOON).toISOString() });
  expect((await new NotaryWorld({ source: () => world.source }).ask()).notAfter).toBeGreaterThan(SOON);
});

test.for([
  { name: 'with the certificate of the root key', unsafe: false, end: SOON },
  { name: 'without it where certificates are not looked at', unsafe: true, end: NOW + 14 * 86_400_000 },
])('a proof ends $name', async ({ unsafe, end }) => {
  const world = new NotaryWorld({ unsafe });
  const collection = await world.notary.collection(COLLECTION);
  collection.roots(await KEYS.root.certified(COLLECTION, { notAfter: new Date(SOON) }));
  collection.add('v1', A).publish();
  expect((await world.ask()).notAfter).toBe(end);
  expect(await world.verdict({ now: SOON + 1000 })).toBe(unsafe ? A : 'CNS-1007');
});
