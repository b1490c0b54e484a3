/** Where a collection's files come from. Names are made of our own words, version numbers and hashes. */
export abstract class FileSource {
  /** Of messages, metrics and floors: `https://notary.example`. */
  abstract readonly server: string;
  /** The bytes served, at most `maxBytes`; `undefined` where the server says that there is no such file. Else a RegistryError. */
  abstract file(
    collection: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined>;
}
