/**
 * Joins parts so that no two different lists of parts give the same bytes: each part stands behind its length
 * (four bytes, big endian). What is authenticated or hashed on the bus goes through here.
 */
export function frame(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
