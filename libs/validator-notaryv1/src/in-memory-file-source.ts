import { FileSource } from './file-source.js';

/** Files of one process, by `collection/name`; keeps a list of what was asked for. */
export class InMemoryFileSource extends FileSource {
  override readonly server: string;
  readonly asked: string[] = [];
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(files: ReadonlyMap<string, Uint8Array>, server = 'https://notary.test') {
    super();
    this.#files = files;
    this.server = server;
  }

  override file(collection: string, name: string): Promise<Uint8Array | undefined> {
    this.asked.push(name);
    return Promise.resolve(this.#files.get(`${collection}/${name}`));
  }
}
