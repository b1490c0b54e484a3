import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { VirtualLog } from '#testing';

import { isIncluded } from './inclusion-proof.js';

interface Path {
  readonly leaf: Buffer;
  readonly index: number;
  readonly treeSize: number;
  readonly hashes: readonly Buffer[];
  readonly root: Buffer;
}

/** A leaf's proof from the log in `#testing`, which builds trees by the definition and not by this algorithm. */
function pathOf(size: number, at: number): Path {
  const log = new VirtualLog();
  const entries = Array.from({ length: size }, (_, index) => log.append(Buffer.from(`entry ${index}`)));
  const entry = entries[at]!;
  const proof = log.inclusionProof(entry);
  return {
    leaf: entry.body,
    index: at,
    treeSize: size,
    hashes: proof.hashes.map((hash) => Buffer.from(hash, 'base64')),
    root: Buffer.from(proof.rootHash, 'base64'),
  };
}

const holds = ({ leaf, root, ...path }: Path): boolean => isIncluded(leaf, path, root);

test(
  'every leaf of every tree up to 17 is included, and no other leaf has its proof',
  { tags: ['thorough'] },
  () => {
    for (let size = 1; size <= 17; size += 1) {
      for (let at = 0; at < size; at += 1) {
        const path = pathOf(size, at);
        expect(holds(path), `${at} of ${size}`).toBe(true);
        expect(holds({ ...path, index: (at + 1) % size }), `${at} of ${size}, moved`).toBe(size === 1);
      }
    }
  },
);

describe('C30: a proof is all or nothing', () => {
  const path = pathOf(11, 5);
  test.for<{ name: string; change: Partial<Path> }>([
    { name: 'another leaf', change: { leaf: Buffer.from('entry 6') } },
    { name: 'another root', change: { root: Buffer.alloc(32) } },
    { name: 'no hashes', change: { hashes: [] } },
    { name: 'a hash less', change: { hashes: path.hashes.slice(1) } },
    { name: 'a hash more', change: { hashes: [...path.hashes, Buffer.alloc(32)] } },
    { name: 'hashes in another order', change: { hashes: path.hashes.toReversed() } },
    { name: 'an index beyond the tree', change: { index: 11 } },
    { name: 'an index of the same path in a larger tree', change: { index: 5 + 16, treeSize: 32 } },
    { name: 'an empty tree', change: { index: 0, treeSize: 0, hashes: [] } },
    { name: 'an inner node passed off as a leaf', change: innerNodeAsLeaf(path) },
  ])('$name', ({ change }) => {
    expect(holds(path)).toBe(true);
    expect(holds({ ...path, ...change })).toBe(false);
  });

  test('any changed byte of any hash', () => {
    fc.assert(
      fc.property(
        fc.nat(path.hashes.length - 1),
        fc.nat(31),
        fc.integer({ min: 1, max: 255 }),
        (which, at, flip) => {
          const hashes = path.hashes.map((hash) => Buffer.from(hash));
          hashes[which]![at]! ^= flip;
          expect(holds({ ...path, hashes })).toBe(false);
        },
      ),
    );
  });
});

/**
 * RFC 6962 prefixes leaves and nodes so that this fails: the two children of the leaf's parent, as if they were an
 * entry.
 */
function innerNodeAsLeaf(path: Path): Partial<Path> {
  const own = createHash('sha256').update(Buffer.of(0)).update(path.leaf).digest();
  return { leaf: Buffer.concat([path.hashes[0]!, own]), index: 2, treeSize: 6, hashes: path.hashes.slice(1) };
}
