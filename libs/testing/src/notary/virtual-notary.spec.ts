import { createHash, verify } from 'node:crypto';

import { expect, test } from 'vitest';

import { NOTARY_COLLECTION, NOTARY_KEYS } from './notary-world.js';
import { signingForm } from './signing-form.js';
import { VirtualNotary } from './virtual-notary.js';

interface File {
  readonly signed: { version: number; meta: Record<string, { hashes: { sha256: string }; length: number }> };
  readonly signatures: readonly { keyid: string; sig: string }[];
}

async function published() {
  const notary = new VirtualNotary(NOTARY_KEYS);
  const collection = await notary.collection(NOTARY_COLLECTION);
  collection.add('v1', `sha256:${'ab'.repeat(32)}`).publish();
  // The shape that this very class wrote.
  const read = (name: string): File => JSON.parse(collection.file(name).toString()) as File;
  return { notary, collection, read };
}

test('a publication: files under plain names, hashes and versions, signed and linked', async () => {
  const { collection, notary, read } = await published();
  const { snapshot } = read('timestamp').signed.meta;
  const sha256 = createHash('sha256').update(collection.file('snapshot')).digest();
  expect(snapshot).toMatchObject({
    hashes: { sha256: sha256.toString('base64') },
    length: collection.file('snapshot').length,
  });
  expect(notary.files.has(`${NOTARY_COLLECTION}/snapshot.${sha256.toString('hex')}`)).toBe(true);
  expect(notary.files.has(`${NOTARY_COLLECTION}/1.root`)).toBe(true);
  const { signed, signatures } = read('timestamp');
  const signature = Buffer.from(signatures[0]?.sig ?? '', 'base64');
  expect(verify(null, Buffer.from(signingForm(signed)), NOTARY_KEYS.timestamp.publicKey, signature)).toBe(
    true,
  );
});

test('another publication: a version further, the root only where it changed', async () => {
  const { collection, read } = await published();
  collection.publish();
  expect(['root', 'targets', 'snapshot', 'timestamp'].map((role) => read(role).signed.version)).toEqual([
    1, 2, 2, 2,
  ]);
  collection.roots(await NOTARY_KEYS.root.certified('other'));
  collection.publish();
  expect(read('root').signed.version).toBe(2);
  expect(read('root').signatures).toHaveLength(2);
});

test('a break is in its one place', async () => {
  const { collection, read } = await published();
  collection.publish({ role: 'targets', version: 9, served: () => undefined });
  expect(collection.file('targets')).toHaveLength(0);
  expect(read('snapshot').signed.version).toBe(2);
});
