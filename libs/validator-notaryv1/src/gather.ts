import type { CollectionFiles } from './collection-files.js';
import { malformed, TrustDataError } from './error.js';
import { NOTARY_LIMITS } from './limits.js';
import {
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from './metadata.js';
import type { TargetsRole } from './role-name.js';
import type { Generation } from './trust-store.js';

/** What to gather: the delegations that a rule needs, what lies above them and what lies below them. */
export interface Wanted {
  readonly roles: readonly TargetsRole[];
  readonly now: number;
}

/**
 * Gathers the files of one collection that belong together, along the hashes from the newest timestamp on. What is
 * gathered is bounded and parsed, and not believed.
 */
export async function gather(
  files: CollectionFiles,
  { roles, now }: Wanted,
  isFirst: boolean,
  signal: AbortSignal,
): Promise<Generation> {
  const [timestamp, hasRoot] = await Promise.all([
    files.timestamp((envelope) => parseTimestamp(envelope, now), signal),
    isFirst ? files.prefetch(signal) : undefined,
  ]);
  if (timestamp === undefined) throw noTimestamp(hasRoot ?? (await files.hasRoot(signal)));
  const snapshot = await gatherSnapshot(files, timestamp, now, signal);
  const [root, targets] = await Promise.all([
    gatherRoot(files, snapshot, now, signal),
    files.linked('targets', snapshot.targets, (envelope) => parseTargets(envelope, 'targets', now), signal),
  ]);
  const delegations = await gatherDelegations(files, { snapshot, targets, roles, now }, signal);
  return { root, timestamp, snapshot, targets, delegations };
}

function gatherSnapshot(
  files: CollectionFiles,
  { snapshot }: Timestamp,
  now: number,
  signal: AbortSignal,
): Promise<Snapshot> {
  return files.linked('snapshot', snapshot, (envelope) => parseSnapshot(envelope, now), signal);
}

function gatherRoot(
  files: CollectionFiles,
  { root }: Snapshot,
  now: number,
  signal: AbortSignal,
): Promise<Root> {
  return files.linked('root', root, (envelope) => parseRoot(envelope, now), signal);
}

/** Without root and timestamp the collection does not exist: nobody has signed. One without the other is a server's fault. */
function noTimestamp(hasRoot: boolean): TrustDataError {
  return hasRoot
    ? malformed('expected a timestamp beside the root')
    : new TrustDataError('missing', 'there are no trust data for this collection');
}

interface Below {
  readonly snapshot: Snapshot;
  readonly targets: Targets;
  readonly roles: readonly TargetsRole[];
  readonly now: number;
}

/** Level by level, each level at once. A role that is not in the snapshot has signed nothing. */
async function gatherDelegations(
  files: CollectionFiles,
  { snapshot, targets, roles, now }: Below,
  signal: AbortSignal,
): Promise<Map<string, Targets | TrustDataError>> {
  const gathered = new Map<string, Targets | TrustDataError>();
  let parents: readonly Targets[] = [targets];
  for (let depth = 0; parents.length > 0; depth += 1) {
    const names = namesBelow(parents, roles).filter((name) => snapshot.delegations.has(name));
    if (depth >= NOTARY_LIMITS.delegationsDepth && names.length > 0)
      throw tooMany('levels of', NOTARY_LIMITS.delegationsDepth);
    if (gathered.size + names.length > NOTARY_LIMITS.delegationsReadCount) {
      throw tooMany('', NOTARY_LIMITS.delegationsReadCount);
    }
    const level = await Promise.all(
      names.map((name) => gatherDelegation(files, name, snapshot, now, signal)),
    );
    for (const [index, name] of names.entries()) {
      const found = level[index];
      if (found !== undefined) gathered.set(name, found);
    }
    parents = level.flatMap((found) => (found instanceof TrustDataError ? [] : [found]));
  }
  return gathered;
}

function namesBelow(
  parents: readonly Targets[],
  wanted: readonly TargetsRole[],
): readonly `targets/${string}`[] {
  return parents
    .flatMap(({ delegations }) => delegations.map(({ name }) => name))
    .filter((name) =>
      wanted.some((role) => name === role || name.startsWith(`${role}/`) || role.startsWith(`${name}/`)),
    );
}

/** A role whose file is no good concerns only rules that need it; that the server cannot be asked concerns all. */
async function gatherDelegation(
  files: CollectionFiles,
  name: `targets/${string}`,
  { delegations }: Snapshot,
  now: number,
  signal: AbortSignal,
): Promise<Targets | TrustDataError> {
  const link = delegations.get(name);
  if (link === undefined) return new TrustDataError('delegation', `${name} has signed nothing`);
  try {
    return await files.linked(name, link, (envelope) => parseTargets(envelope, name, now), signal);
  } catch (error) {
    if (error instanceof TrustDataError) return error;
    throw error;
  }
}

function tooMany(what: string, max: number): TrustDataError {
  return malformed(`expected at most ${max} ${what} delegation roles`.replace('  ', ' '));
}
