import type { Digest, ImageReference } from '#image-ref';
import { isJsonObject, member } from '#registry';
import { RefusedError } from '#validator';

import { TrustDataError } from './error.js';
import { Fields } from './fields.js';
import { hexOf, type Targets } from './metadata.js';
import { type TargetsRole, wayOf } from './role-name.js';
import type { TrustData } from './trust-store.js';

/** The digest that trust data name for a reference, and the roles that name it. */
export interface FoundTarget {
  readonly digest: Digest;
  readonly roles: readonly TargetsRole[];
}

/**
 * Finds the digest of a reference as Connaisseur does: a tag is what the trust data say, a digest must be named by them, and
 * of both the tag must name that digest. Every role of the rule must name one, and all the same. Throws RefusedError or
 * TrustDataError.
 */
export function findTarget(
  data: TrustData,
  image: ImageReference,
  required: readonly TargetsRole[],
): FoundTarget {
  const roles = required.length > 0 ? required : [defaultRole(data)];
  const found = roles.map((role) => ({ role, hit: search(data, role, image) }));
  const hits = found.flatMap(({ role, hit }) => (hit === undefined ? [] : [{ role, ...hit }]));
  const [first] = hits;
  if (first === undefined) throw notNamed(image, roles);
  if (hits.some(({ digest }) => digest !== first.digest)) throw ambiguous(hits.map(({ role }) => role));
  if (hits.length < roles.length) {
    const missing = found.filter(({ hit }) => hit === undefined).map(({ role }) => role);
    throw tooFew(missing);
  }
  if (image.digest !== undefined && image.digest !== first.digest) {
    throw new RefusedError('CNS-1005', 'the trust data name another digest for this tag', {
      found: `${first.digest} for the tag ${image.tag ?? ''}`,
      expected: `${image.digest}, as the reference has it`,
    });
  }
  return { digest: first.digest, roles: [...new Set(hits.map(({ signer }) => signer))] };
}

/** Which role speaks for the collection where a rule names none: `targets/releases` once it has signed, else `targets`. */
function defaultRole({ delegations }: TrustData): TargetsRole {
  return delegations.has('targets/releases') ? 'targets/releases' : 'targets';
}

interface Hit {
  readonly digest: Digest;
  readonly signer: TargetsRole;
}

/** Looks in a role and then, where it is a delegation, in the roles below it; TUF 5.6.7, in the order of the lists. */
function search(data: TrustData, role: TargetsRole, image: ImageReference): Hit | undefined {
  if (role === 'targets') return ownTarget(data.targets, role, image, () => true);
  const way = wayTo(data, role);
  return descend(data, role, image, way);
}

type Covers = (tag: string) => boolean;

/** The role's metadata with the paths of every role on the way to it. Throws where a step of it is missing or unproven. */
function wayTo(data: TrustData, role: TargetsRole): Covers {
  let parent: Targets = data.targets;
  const prefixes: (readonly string[])[] = [];
  for (const name of wayOf(role)) {
    const delegation = parent.delegations.find((each) => each.name === name);
    const state = data.delegations.get(name);
    if (delegation === undefined || state === undefined) {
      const why = delegation === undefined ? 'is not delegated to' : 'has signed nothing';
      throw new TrustDataError('delegation', `${name} ${why}`);
    }
    if (state instanceof TrustDataError) throw state;
    prefixes.push(delegation.paths);
    parent = state;
  }
  return (tag) => !prefixes.some((paths) => !paths.some((path) => tag.startsWith(path)));
}

function descend(data: TrustData, role: TargetsRole, image: ImageReference, covers: Covers): Hit | undefined {
  const state = data.delegations.get(role);
  if (state === undefined) return undefined;
  if (state instanceof TrustDataError) throw state;
  const own = ownTarget(state, role, image, covers);
  if (own !== undefined) return own;
  for (const { name, paths, isTerminating } of state.delegations) {
    const childCovers: Covers = (tag) => covers(tag) && paths.some((path) => tag.startsWith(path));
    const { tag } = image;
    if (tag !== undefined && !childCovers(tag)) continue;
    // Depth and count were bounded when the files were gathered: only those are here.
    const hit = descend(data, name, image, childCovers);
    if (hit !== undefined || isTerminating) return hit;
  }
  return undefined;
}

function ownTarget(
  { targets }: Targets,
  signer: TargetsRole,
  image: ImageReference,
  covers: Covers,
): Hit | undefined {
  const { tag, digest } = image;
  if (tag !== undefined) {
    const value = covers(tag) ? member(targets, tag) : undefined;
    return value === undefined ? undefined : { digest: digestOfTarget(value), signer };
  }
  // Only a digest: any tag that the role may speak for.
  const wanted =
    digest === undefined ? '' : Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64');
  const isNamed = Object.entries(targets).some(
    ([name, value]) => sha256Text(value) === wanted && covers(name) && digestOfTarget(value) === digest,
  );
  return isNamed && digest !== undefined ? { digest, signer } : undefined;
}

function sha256Text(value: unknown): unknown {
  const hashes = isJsonObject(value) ? member(value, 'hashes') : undefined;
  return isJsonObject(hashes) ? member(hashes, 'sha256') : undefined;
}

function digestOfTarget(value: unknown): Digest {
  const fields = new Fields(value, 'a target', ['hashes', 'length', 'custom']);
  fields.integer('length', 0, Number.MAX_SAFE_INTEGER);
  const hashes = new Fields(fields.any('hashes'), 'the hashes of a target', ['sha256', 'sha512']);
  const sha512 = hashes.any('sha512');
  if (sha512 !== undefined) hexOf(sha512, 64);
  // The cast is the shape that hexOf guarantees.
  return `sha256:${hexOf(hashes.any('sha256'), 32)}` as Digest;
}

function notNamed({ tag, digest }: ImageReference, roles: readonly TargetsRole[]): RefusedError {
  const what = tag === undefined ? `the digest ${digest ?? ''}` : `the tag ${tag}`;
  return new RefusedError('CNS-1003', `the trust data do not name ${cut(what)}`, {
    found: 'trust data of this collection, without this target',
    expected: `${cut(what)} in ${cut(roles.join(', '))}`,
    next: 'sign it: notary addhash, or docker push with DOCKER_CONTENT_TRUST=1',
  });
}

function tooFew(missing: readonly TargetsRole[]): RefusedError {
  return new RefusedError('CNS-1008', `not named by ${cut(missing.join(', '))}`, {
    expected: 'each of the rule’s delegations names the same digest',
    next: 'let the missing delegations sign',
  });
}

function ambiguous(roles: readonly TargetsRole[]): RefusedError {
  return new RefusedError('CNS-1009', `${cut(roles.join(', '))} name different digests`, {
    expected: 'each of the rule’s delegations names the same digest',
  });
}

function cut(text: string): string {
  return text.length <= 150 ? text : `${text.slice(0, 149)}…`;
}
