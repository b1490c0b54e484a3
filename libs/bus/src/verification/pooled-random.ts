import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4096;

/** A source of random bytes for nonces: the system's generator is asked once for many of them, and no byte is given twice. */
export function pooledRandom(fill: (pool: Buffer) => void = randomFillSync): (bytes: number) => Uint8Array {
  const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (!(bytes > 0 && bytes <= POOL_BYTES))
      throw new TypeError(`expected 1 to ${POOL_BYTES} bytes, got ${bytes}`);
    if (used + bytes > POOL_BYTES) {
      fill(pool);
      used = 0;
    }
    used += bytes;
    return Uint8Array.prototype.slice.call(pool, used - bytes, used);
  };
}
