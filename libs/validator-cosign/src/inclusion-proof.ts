import { createHash } from 'node:crypto';

/** RFC 6962, 2.1: leaves and nodes hash under different prefixes, so that neither passes for the other. */
const LEAF_PREFIX = Buffer.of(0);
const NODE_PREFIX = Buffer.of(1);
export const HASH_BYTES = 32;

/** Where a leaf lies in a tree and the way from it to the root. */
export interface MerklePath {
  readonly index: number;
  readonly treeSize: number;
  readonly hashes: readonly Uint8Array[];
}

/** True where the path leads from the leaf to the root (RFC 9162, 2.1.3.2). */
export function isIncluded(leaf: Uint8Array, path: MerklePath, root: Uint8Array): boolean {
  if (path.index >= path.treeSize) return false;
  // Numbers up to 2^53: bit operators would cut them to 32 bits.
  let node = path.index;
  let last = path.treeSize - 1;
  let hash = leafHash(leaf);
  for (const sibling of path.hashes) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash.equals(root);
}

function leafHash(leaf: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF_PREFIX).update(leaf).digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest();
}

function half(value: number): number {
  return Math.floor(value / 2);
}
