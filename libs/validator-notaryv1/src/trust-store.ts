import { TrustDataError } from './error.js';
import {
  type Delegation,
  assertLinked,
  type FileLink,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from './metadata.js';
import { type AgeLimit, assertYoung } from './timestamp-age.js';
import type { RoleVersion } from './version-floor.js';

/** All files of one collection that belong together, gathered and parsed, none of them verified but the root. */
export interface Generation {
  readonly root: Root;
  readonly timestamp: Timestamp;
  readonly snapshot: Snapshot;
  readonly targets: Targets;
  /** Delegation roles that could be read; the reason for those that could not. */
  readonly delegations: ReadonlyMap<string, Targets | TrustDataError>;
}

/** A role whose metadata are proven, for people and for the end of a proof's life. */
export interface RoleState {
  readonly role: string;
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Only of the timestamp, and only where its age is limited. */
  readonly age?: AgeLimit;
}

/** A proven delegation role, or why it is not. */
export type DelegationState = Targets | TrustDataError;

/** Trust data of one collection, every signature, hash and expiry of it checked at one moment. */
export interface TrustData {
  readonly collection: string;
  readonly generation: Generation;
  readonly base: readonly RoleState[];
  readonly targets: Targets;
  /** By role; a fault concerns only rules that need that role. */
  readonly delegations: ReadonlyMap<string, DelegationState>;
  /** Of every role but the root. */
  readonly versions: readonly RoleVersion[];
}

/**
 * Decides whether files are the trust data of a collection, in the order of TUF's client workflow, section 5. Pure: bytes
 * came in, time came in; nothing is asked for. Throws TrustDataError.
 */
export function verifyGeneration(collection: string, generation: Generation, now: number): TrustData {
  const { root, timestamp, snapshot, targets } = generation;
  assertAlive('root', root.expires, now);
  // 5.4: the timestamp, by the root's keys.
  timestamp.envelope.assertSigned(root.roles.timestamp, 'the timestamp');
  assertAlive('timestamp', timestamp.expires, now);
  // 5.5: exactly the snapshot that the timestamp names.
  assertLinked(timestamp.snapshot, snapshot, 'the snapshot');
  snapshot.envelope.assertSigned(root.roles.snapshot, 'the snapshot');
  assertAlive('snapshot', snapshot.expires, now);
  // Notary's snapshot names the root as well: files of two generations never meet.
  assertLinked(snapshot.root, root, 'the root');
  // 5.6
  assertLinked(snapshot.targets, targets, 'targets');
  targets.envelope.assertSigned(root.roles.targets, 'targets');
  assertAlive('targets', targets.expires, now);
  const delegations = verifyDelegations(generation, now);
  return {
    collection,
    generation,
    base: [
      { role: 'root', ...stateOf(root) },
      { role: 'timestamp', ...stateOf(timestamp) },
      { role: 'snapshot', ...stateOf(snapshot) },
      { role: 'targets', ...stateOf(targets) },
    ],
    targets,
    delegations,
    versions: versionsOf(generation, delegations, now),
  };
}

/** The same trust data, with a limit to the age of their timestamp. */
export function withAgeLimit(data: TrustData, age: AgeLimit): TrustData {
  const base = data.base.map((state) => (state.role === 'timestamp' ? { ...state, age } : state));
  return { ...data, base };
}

/** Throws TrustDataError where a base role has ended meanwhile: trust data at hand serve until then and no longer. */
export function assertStillAlive({ base }: TrustData, now: number): void {
  for (const state of base) {
    assertAlive(state.role, state.expires, now);
    assertYoung(state, now);
  }
}

/** Throws TrustDataError (expired). */
export function assertAlive(role: string, expires: number, now: number): void {
  // Written so that a NaN on either side denies.
  if (expires >= now) return;
  throw new TrustDataError('expired', `${role} expired at ${new Date(expires).toISOString()}`);
}

/** Parents before children: a role is believed only under the keys that a believed parent names for it. */
function verifyDelegations(
  { snapshot, targets, delegations }: Generation,
  now: number,
): Map<string, DelegationState> {
  const states = new Map<string, DelegationState>();
  const open: Targets[] = [targets];
  for (let parent = open.shift(); parent !== undefined; parent = open.shift()) {
    for (const delegation of parent.delegations) {
      const found = delegations.get(delegation.name);
      if (found === undefined) continue;
      const state = verifyDelegation(delegation, found, snapshot.delegations.get(delegation.name), now);
      states.set(delegation.name, state);
      if (!(state instanceof TrustDataError)) open.push(state);
    }
  }
  return states;
}

function verifyDelegation(
  { name, keys }: Delegation,
  found: DelegationState,
  link: FileLink | undefined,
  now: number,
): DelegationState {
  if (found instanceof TrustDataError) return found;
  try {
    if (link === undefined) throw new TrustDataError('delegation', `${name} is not in the snapshot`);
    assertLinked(link, found, name);
    found.envelope.assertSigned(keys, name);
    assertAlive(name, found.expires, now);
    return found;
  } catch (error) {
    if (error instanceof TrustDataError) return error;
    throw error;
  }
}

function stateOf({ version, expires }: { version: number; expires: number }): {
  version: number;
  expires: number;
} {
  return { version, expires };
}

function versionsOf(
  { root, timestamp, snapshot, targets }: Generation,
  delegations: ReadonlyMap<string, DelegationState>,
  now: number,
): readonly RoleVersion[] {
  const roles: RoleVersion[] = [
    { role: 'timestamp', version: timestamp.version, keys: root.roles.timestamp.fingerprint, since: now },
    { role: 'snapshot', version: snapshot.version, keys: root.roles.snapshot.fingerprint },
    { role: 'targets', version: targets.version, keys: root.roles.targets.fingerprint },
  ];
  for (const parent of [targets, ...delegations.values()]) {
    if (parent instanceof TrustDataError) continue;
    for (const { name, keys } of parent.delegations) {
      const state = delegations.get(name);
      // TUF 5.5.5: what a snapshot has listed does not vanish from later ones while it is delegated to.
      if (!snapshot.delegations.has(name)) roles.push({ role: name, version: 0, keys: keys.fingerprint });
      else if (state !== undefined && !(state instanceof TrustDataError))
        roles.push({ role: name, version: state.version, keys: keys.fingerprint });
    }
  }
  return roles;
}
