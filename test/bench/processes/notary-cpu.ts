// CPU of notary trust data in a process that does nothing else, and of what it cannot do without: parsing and signatures.
import { type KeyObject, verify } from 'node:crypto';

import {
  NOTARY_COLLECTION,
  NOTARY_KEYS,
  NOTARY_NOW,
  notaryDigest,
  NotaryWorld,
  signingForm,
  type VirtualCollection,
} from '#testing';

import type { NotaryRound } from '../notary.js';

const SMALL = 10;
const LARGE = 5_000;

process.once('disconnect', () => process.exit(0));
process.once('message', () => {
  void measure().then((result) => process.send?.(result, () => process.exit(0)));
});
process.send?.('ready');

async function measure(): Promise<NotaryRound> {
  const small = await publish(SMALL);
  const large = await publish(LARGE);
  // A verifier lives for weeks: what is measured is compiled code.
  const other = await publish(SMALL);
  await chain(other, 600);
  await revalidation(other, 1_200);
  return {
    chain: [await chain(small, 300), await bare(small, ['root', 'timestamp', 'snapshot', 'targets'], 300)],
    revalidation: [await revalidation(small, 300), await bare(small, ['timestamp'], 300)],
    large: [await chain(large, 20), await bare(large, ['root', 'timestamp', 'snapshot', 'targets'], 20)],
  };
}

interface Published {
  readonly world: NotaryWorld;
  readonly collection: VirtualCollection;
}

async function publish(count: number): Promise<Published> {
  const world = new NotaryWorld();
  const collection = await world.notary.collection(NOTARY_COLLECTION);
  for (let index = 0; index < count; index += 1) collection.add(`v${index}`, notaryDigest(String(index)));
  collection.publish();
  return { world, collection };
}

/** A first look each time: another validator that knows of nothing. */
async function chain({ world }: Published, count: number): Promise<number> {
  const others = Array.from({ length: count }, () => new NotaryWorld({ source: () => world.source }));
  return await cpuMs(count, async (index) => void (await others[index]?.ask()));
}

/** A look at what is known, with a timestamp that was signed anew. */
async function revalidation({ world, collection }: Published, count: number): Promise<number> {
  await world.ask();
  const timestamps = Array.from({ length: count }, (_, index) => timestampOf(collection, index + 2));
  return await cpuMs(count, async (index) => {
    const bytes = timestamps[index];
    if (bytes !== undefined) collection.serve(new Map([['timestamp', bytes]]));
    await world.ask();
  });
}

function timestampOf(collection: VirtualCollection, version: number): Buffer {
  const { signed } = JSON.parse(collection.file('timestamp').toString()) as { signed: object };
  const expires = new Date(NOTARY_NOW + 86_400_000).toISOString();
  const text = signingForm({ ...signed, expires, version });
  const signature = JSON.stringify(NOTARY_KEYS.timestamp.sign(Buffer.from(text)));
  return Buffer.from(`{"signed":${text},"signatures":[${signature}]}`);
}

/** `JSON.parse` and one signature check for each file. */
async function bare({ collection }: Published, roles: readonly Role[], count: number): Promise<number> {
  const files = roles.map((role) => bareFile(collection, role));
  const check = async (): Promise<void> => {
    for (const { text, message, key, signature } of files) {
      if (typeof JSON.parse(text) !== 'object') throw new Error('no object');
      const isValid =
        key.asymmetricKeyType === 'ed25519'
          ? verify(null, message, key, signature)
          : verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
      if (!isValid) throw new Error('the signature does not verify');
    }
  };
  await cpuMs(count, check);
  return await cpuMs(count, check);
}

type Role = keyof typeof NOTARY_KEYS;

function bareFile(
  collection: VirtualCollection,
  role: Role,
): { text: string; message: Buffer; key: KeyObject; signature: Buffer } {
  const text = collection.file(role).toString();
  const { signed, signatures } = JSON.parse(text) as { signed: object; signatures: { sig: string }[] };
  const signature = Buffer.from(signatures[0]?.sig ?? '', 'base64');
  return { text, message: Buffer.from(signingForm(signed)), key: NOTARY_KEYS[role].publicKey, signature };
}

async function cpuMs(count: number, run: (index: number) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await run(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}
