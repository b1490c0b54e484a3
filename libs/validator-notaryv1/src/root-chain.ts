import { TrustDataError } from './error.js';
import type { RoleKey } from './key.js';
import { NOTARY_LIMITS } from './limits.js';
import type { Root } from './metadata.js';
import type { Pin } from './pins.js';

/** What a root must have to be trusted for a collection. */
export interface RootPolicy {
  readonly collection: string;
  readonly pins: readonly Pin[];
  /** False only where the operator switched it off: certificates of root keys then need not name the collection. */
  readonly bindsCollection: boolean;
}

/** As notary: a certificate may begin up to a day from now. */
const CLOCK_SKEW_MS = 86_400_000;

/**
 * The way from a trusted root to the newest one, version by version. Trusted is the root that we had, or the first one
 * going back that all pinned keys have signed. Pure: `missing` says which version to fetch next.
 */
export class RootChain {
  readonly #policy: RootPolicy;
  readonly #before: Root | undefined;
  /** Newest first, without a gap. */
  readonly #roots: [Root, ...Root[]];

  /** Throws TrustDataError (rollback) where the newest root is older than the one that we had. */
  constructor(policy: RootPolicy, newest: Root, before: Root | undefined) {
    this.#policy = policy;
    this.#before = before;
    this.#roots = [newest];
    if (before === undefined || isSame(newest, before)) return;
    if (newest.version <= before.version) {
      throw new TrustDataError(
        'rollback',
        `root version ${newest.version} does not follow version ${before.version}`,
      );
    }
  }

  /** The version that is needed next, `undefined` when there is all that can be asked for. Throws TrustDataError. */
  get missing(): number | undefined {
    const oldest = this.#oldest;
    if (this.#isAnchored(oldest) || oldest.version === 1) return undefined;
    if (this.#roots.length > NOTARY_LIMITS.rotationsCount) {
      const message = `expected at most ${NOTARY_LIMITS.rotationsCount} root versions after one that is trusted`;
      throw new TrustDataError('rotation', message);
    }
    return oldest.version - 1;
  }

  /** Adds the version that was missing; `undefined` where the server does not have it. Throws TrustDataError. */
  add(root: Root | undefined): void {
    const wanted = this.#oldest.version - 1;
    if (root?.version === wanted) {
      this.#roots.push(root);
      return;
    }
    if (root !== undefined)
      throw new TrustDataError('rotation', `expected root version ${wanted} under that name`);
    if (this.#before !== undefined) {
      throw new TrustDataError(
        'rotation',
        `root version ${wanted} is missing between the root that we had and the newest`,
      );
    }
    throw this.#unsigned();
  }

  /**
   * The newest root, now trusted, no longer than the certificates that bind it to the collection live. Throws TrustDataError.
   * Only the newest must still be alive: that is the store's business.
   */
  verified(now: number): Root {
    const oldest = this.#oldest;
    if (!this.#isAnchored(oldest)) throw this.#unsigned();
    const chain = this.#before === undefined ? this.#roots : [...this.#roots, this.#before];
    for (const [index, root] of chain.entries()) {
      assertOwnThreshold(root);
      const older = chain[index + 1];
      if (older === undefined || isSame(root, older)) continue;
      // TUF 5.3.4: signed by the threshold of the version before it, too.
      root.envelope.assertSigned(
        older.roles.root,
        `root version ${root.version}, by the keys of version ${older.version},`,
      );
    }
    const [newest] = this.#roots;
    const { bindsCollection, collection } = this.#policy;
    if (!bindsCollection) return newest;
    // Each of them: the first one is what a pinned key vouches for, and whoever it hands over to could certify anything.
    for (const root of this.#roots) assertBound(root, collection);
    return { ...newest, expires: Math.min(newest.expires, certifiedUntil(newest, collection, now)) };
  }

  get #oldest(): Root {
    return this.#roots.at(-1) ?? this.#roots[0];
  }

  #isAnchored(root: Root): boolean {
    const before = this.#before;
    if (before !== undefined) return isSame(root, before) || root.version === before.version + 1;
    return (
      this.#policy.pins.length > 0 && !this.#policy.pins.some(({ key }) => !root.envelope.isSignedBy(key))
    );
  }

  /** Which of the pinned keys have signed nothing: none at all is another fault than too few. */
  #unsigned(): TrustDataError {
    const { pins } = this.#policy;
    const missing = pins.filter(({ key }) => !this.#roots.some(({ envelope }) => envelope.isSignedBy(key)));
    const names = missing.map(({ name }) => `"${name}"`).join(', ');
    const isPartly = missing.length < pins.length;
    const message =
      isPartly && missing.length > 0
        ? `the root is not signed by each of the pinned keys; missing: ${names}`
        : 'the root is not signed by the pinned keys';
    return new TrustDataError(isPartly ? 'delegation' : 'pinned-key', message);
  }
}

function isSame(one: Root, other: Root): boolean {
  return one.envelope.sha256 === other.envelope.sha256;
}

function assertOwnThreshold(root: Root): void {
  root.envelope.assertSigned(root.roles.root, `root version ${root.version}`);
}

/**
 * The keys that make a root valid must be certified for this collection, or the trust data of one collection would serve
 * for every other that has the same root key.
 */
function assertBound(root: Root, collection: string): void {
  const { threshold } = root.roles.root;
  const bound = boundSigners(root, collection);
  if (bound.length < threshold) {
    const message = `root version ${root.version} is certified for another collection than ${collection}`;
    throw new TrustDataError('collection', message);
  }
  if (bound.filter(({ certificate }) => certificate?.isWeak === false).length < threshold) {
    const message = `the certificate of the root key of ${collection} is signed over a weak hash, such as SHA-1`;
    throw new TrustDataError('collection', message);
  }
}

/** When too few certificates of the newest root will be left, ms. Only its certificates must be valid now. */
function certifiedUntil(root: Root, collection: string, now: number): number {
  const ends = boundSigners(root, collection)
    .filter((key) => isAlive(key, now))
    .map(({ certificate }) => certificate?.notAfter ?? 0)
    .toSorted((one, other) => other - one);
  const end = ends[root.roles.root.threshold - 1];
  if (end !== undefined) return end;
  throw new TrustDataError('expired', `the certificate of the root key of ${collection} is not valid now`);
}

function boundSigners({ envelope, roles }: Root, collection: string): readonly RoleKey[] {
  return envelope
    .signersOf(roles.root)
    .filter(({ certificate }) => certificate !== undefined && isFor(certificate.commonName, collection));
}

/** The name itself, or a prefix of it that ends in `*`. */
function isFor(commonName: string | undefined, collection: string): boolean {
  if (commonName === undefined) return false;
  return commonName.endsWith('*')
    ? collection.startsWith(commonName.slice(0, -1))
    : commonName === collection;
}

function isAlive({ certificate }: RoleKey, now: number): boolean {
  if (certificate === undefined || certificate.isCa) return false;
  return now >= certificate.notBefore - CLOCK_SKEW_MS && now <= certificate.notAfter;
}
