import { type Digest, digestOf } from '#image-ref';

import { MalformedSignatureError } from './error.js';
import type { Repository, SignatureSearch, SourceDescriptor } from './signature-source.js';
import { writeSimpleSigning } from './simple-signing.js';

/** A payload is about 250 bytes; annotations make it longer. */
const MAX_PAYLOAD_BYTES = 65_536;
/** Docker Hub as cosign writes it into payloads. */
const DOCKER_HUB = 'index.docker.io';

/**
 * The bytes that legacy signatures of one image cover. A payload is first rebuilt from what it must say and taken where
 * it has the digest that the layer names: the same bytes, one round trip less. Else it is fetched, once for each
 * digest.
 */
export class PayloadReader {
  readonly #search: SignatureSearch;
  #rebuilt: ReadonlyMap<Digest, Uint8Array> | undefined;
  readonly #fetched = new Map<Digest, Promise<Uint8Array>>();

  constructor(search: SignatureSearch) {
    this.#search = search;
  }

  /** The layer's bytes; throws MalformedSignatureError where there are none or too many. */
  async read(layer: SourceDescriptor): Promise<Uint8Array> {
    this.#rebuilt ??= rebuild(this.#search);
    const known = this.#rebuilt.get(layer.digest);
    if (known !== undefined) return known;
    if (layer.size > MAX_PAYLOAD_BYTES) {
      throw new MalformedSignatureError(`expected a payload of at most ${MAX_PAYLOAD_BYTES} bytes`);
    }
    let fetching = this.#fetched.get(layer.digest);
    if (fetching === undefined) {
      fetching = this.#fetch(layer);
      this.#fetched.set(layer.digest, fetching);
    }
    return fetching;
  }

  async #fetch(layer: SourceDescriptor): Promise<Uint8Array> {
    const { source, repository, signal } = this.#search;
    const bytes = await source.blob(repository, layer, MAX_PAYLOAD_BYTES, signal);
    if (bytes === undefined) throw new MalformedSignatureError('the registry does not have what was signed');
    return bytes;
  }
}

/** What the payload is where the signer added nothing, under its digest. */
function rebuild({ repository, subject }: SignatureSearch): ReadonlyMap<Digest, Uint8Array> {
  const payloads = dockerReferences(repository).map((reference) => writeSimpleSigning(reference, subject));
  return new Map(payloads.map((payload) => [digestOf(payload), payload]));
}

function dockerReferences({ host, path }: Repository): readonly string[] {
  return host === 'docker.io' ? [`${DOCKER_HUB}/${path}`, `${host}/${path}`] : [`${host}/${path}`];
}
