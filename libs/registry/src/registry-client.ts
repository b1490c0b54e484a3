import { type Digest, digestOf, isDigest } from '#image-ref';

import { errorOfAnswer } from './answer-error.js';
import { Authorizer } from './authorizer.js';
import { Credentials } from './credentials.js';
import type { CredentialSource } from './credential-source.js';
import { type Descriptor, malformed } from './descriptor.js';
import { RegistryError } from './error.js';
import type { HttpAnswer, HttpTransport } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import { type Manifest, parseManifest } from './manifest.js';
import {
  describe,
  MANIFEST_BOUNDS,
  type ManifestTarget,
  referenceOf,
  type RepositoryTarget,
} from './manifest-target.js';
import { MANIFEST_ACCEPT, OCI_INDEX } from './media-type.js';
import { listReferrers } from './list-referrers.js';
import { mergeReferrers, type Referrers, referrersTag } from './referrers.js';
import { RegistryFetch } from './registry-fetch.js';
import { RegistryHosts, type RegistrySettings, type Repository } from './registry-host.js';
import type { VerificationBudget } from './verification-budget.js';

export interface RegistryClientOptions {
  readonly transport: HttpTransport;
  /** Default: anonymous. */
  readonly credentials?: CredentialSource;
  readonly registries?: readonly RegistrySettings[];
  /** Hosts that an operator names in a policy pattern: these, and those with a setting, may be this very machine. */
  readonly namedHosts?: ReadonlySet<string> | undefined;
  /** PEM bundle for registries without a setting of their own. */
  readonly ca?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 up to 1, for the jitter of pauses. */
  readonly random?: () => number;
}

const PATH = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

/**
 * Reads manifests, blobs and referrers by digest: bounded, and hashed by us before anything is read from them. Throws
 * RegistryError. Keeps tokens, so one client serves one set of credentials for as long as they are configured.
 */
export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #fetch: RegistryFetch;
  readonly #hosts: RegistryHosts;
  readonly #now: () => number;

  constructor(options: RegistryClientOptions, parts: ClientParts = partsOf(options)) {
    this.#options = options;
    this.#fetch = parts.fetch;
    this.#hosts = parts.hosts;
    this.#now = options.now ?? Date.now;
  }

  /** This client for one verification, which may cost no more than the budget has. */
  within(budget: VerificationBudget): RegistryClient {
    return new RegistryClient(this.#options, { hosts: this.#hosts, fetch: this.#fetch.within(budget) });
  }

  /** One GET; the digest is that of the bytes, and equals the one asked for and the one that the registry names. */
  async manifest(target: ManifestTarget, signal: AbortSignal): Promise<Manifest> {
    const what = describe(target);
    const { limit, maxValues } = MANIFEST_BOUNDS[target.role ?? 'image'];
    const repository = this.#repository(target);
    const answer = await this.#fetch.get(
      {
        repository,
        url: urlOf(repository, `manifests/${referenceOf(target)}`),
        accept: MANIFEST_ACCEPT,
        maxBytes: REGISTRY_LIMITS[limit],
        limit,
        purpose: 'manifest',
        redirects: 'listed',
        what,
      },
      signal,
    );
    const { host } = repository.endpoint;
    if (answer.status !== 200) throw errorOfAnswer(answer, host, what, this.#now);
    assertDigest(answer, target, host);
    return parseManifest(answer.body, answer.headers.get('content-type'), host, maxValues);
  }

  /** Exactly the bytes that the descriptor names: its size, at most `maxBytes`, and its digest. */
  async blob(
    target: RepositoryTarget,
    { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
    signal: AbortSignal,
    maxBytes: number,
  ): Promise<Uint8Array> {
    const repository = this.#repository(target);
    const { host } = repository.endpoint;
    const what = `a blob of ${target.path}`;
    if (size > maxBytes)
      throw new RegistryError('too-large', host, `expected ${what} to have at most ${maxBytes} bytes`);
    const url = urlOf(repository, `blobs/${digest}`);
    const answer = await this.#fetch.get(
      { repository, url, accept: '*/*', maxBytes: size, purpose: 'blob', redirects: 'any', what },
      signal,
    );
    if (answer.status !== 200) throw errorOfAnswer(answer, host, what, this.#now);
    if (answer.body.byteLength !== size || digestOf(answer.body) !== digest) {
      throw malformed(host, `expected ${what} to have the size and digest of its descriptor`);
    }
    return answer.body;
  }

  /**
   * Everything that refers to a digest, never filtered. The referrers API and the fallback tag are asked at once, and both
   * must answer: who finds no proof here may say that there is none.
   */
  async referrers(target: RepositoryTarget, digest: Digest, signal: AbortSignal): Promise<Referrers> {
    const repository = this.#repository(target);
    const [api, tag] = await Promise.all([
      this.#referrersFromApi(repository, digest, signal),
      this.#referrersFromTag(target, digest, signal),
    ]);
    return mergeReferrers(api, tag, repository.endpoint.host);
  }

  #referrersFromApi(
    repository: Repository,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]> {
    const what = `the referrers in ${repository.path}`;
    const { host } = repository.endpoint;
    const bounds = { maxBytes: REGISTRY_LIMITS.referrersPageBytes, limit: 'referrersPageBytes' } as const;
    const page = {
      repository,
      accept: OCI_INDEX,
      ...bounds,
      purpose: 'referrers',
      redirects: 'none',
      what,
    } as const;
    return listReferrers({
      first: urlOf(repository, `referrers/${digest}`),
      host,
      get: (url) => this.#fetch.get({ ...page, url }, signal),
      toError: (answer) => errorOfAnswer(answer, host, what, this.#now),
    });
  }

  async #referrersFromTag(
    target: RepositoryTarget,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[]> {
    try {
      const index = await this.manifest(
        { ...target, reference: referrersTag(digest), role: 'referrers' },
        signal,
      );
      if (index.kind === 'index') return index.manifests;
    } catch (error) {
      if (error instanceof RegistryError && error.reason === 'not-found') return [];
      throw error;
    }
    throw malformed(target.host, 'expected the tag that lists referrers to be an index');
  }

  #repository({ host, path }: RepositoryTarget): Repository {
    if (!PATH.test(path)) throw new TypeError('expected the path of an image reference');
    return { endpoint: this.#hosts.endpoint(host), path };
  }
}

interface ClientParts {
  readonly fetch: RegistryFetch;
  readonly hosts: RegistryHosts;
}

function partsOf(options: RegistryClientOptions): ClientParts {
  const { transport, credentials = Credentials.none, now = Date.now, random = Math.random } = options;
  const authorizer = new Authorizer({ credentials, now, random });
  return {
    fetch: new RegistryFetch(transport, authorizer, { now, random }),
    hosts: new RegistryHosts(options),
  };
}

function urlOf({ endpoint, path }: Repository, rest: string): URL {
  return new URL(`/v2/${path}/${rest}`, endpoint.origin);
}

/** The header is believed in nothing; that it differs shows that registry and bytes do not belong together. */
function assertDigest({ body, headers }: HttpAnswer, { reference }: ManifestTarget, host: string): void {
  const digest = digestOf(body);
  if (isDigest(reference) && reference !== digest)
    throw malformed(host, 'expected the bytes of the digest asked for');
  if ((headers.get('docker-content-digest') ?? digest) !== digest) {
    throw malformed(host, 'expected Docker-Content-Digest to be the digest of the bytes');
  }
}
