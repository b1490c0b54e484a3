import type { TrustDataClient } from '#registry';

import { FileSource } from './file-source.js';

/** Files of a notary server. Every error but *not found* passes through: it means that nobody could look. */
export class ServerFileSource extends FileSource {
  override readonly server: string;
  readonly #client: Pick<TrustDataClient, 'origin' | 'file'>;

  constructor(client: Pick<TrustDataClient, 'origin' | 'file'>) {
    super();
    this.#client = client;
    this.server = client.origin;
  }

  override file(
    collection: string,
    name: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    return this.#client.file(collection, name, maxBytes, signal);
  }
}
