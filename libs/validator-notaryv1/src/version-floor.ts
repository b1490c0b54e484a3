import { TrustDataError } from './error.js';

/** The version of one role that is about to be trusted. */
export interface RoleVersion {
  readonly role: string;
  /** 0 where it has signed nothing. */
  readonly version: number;
  /** Fingerprint of the keys and threshold that it was verified with; for the root, of the pinned keys. */
  readonly keys: string;
  /** When this look saw it, milliseconds since the epoch; only where the age of the version matters. */
  readonly since?: number;
}

/** A version that was seen, and since when, milliseconds since the epoch, where anybody noted that. */
export interface SeenVersion {
  readonly version: number;
  readonly since?: number;
}

/** The highest versions of one collection that were ever seen. Versions below them are never used again. */
export interface VersionFloor {
  /** When an operator last reset it, milliseconds since the epoch; a later reset wins over everything before it. */
  readonly epoch: number;
  /** By role and keys: under new keys a role starts anew (TUF 5.3.11). The ones seen last stand last. */
  readonly roles: ReadonlyMap<string, SeenVersion>;
}

export const NO_FLOOR: VersionFloor = { epoch: 0, roles: new Map() };

/** More than one generation has, so that old keys are forgotten first. */
const MAX_ROLES = 128;

/** Throws TrustDataError (rollback) for a version below the floor. */
export function assertNotBelow(versions: readonly RoleVersion[], floor: VersionFloor): void {
  for (const seen of versions) {
    const known = floor.roles.get(keyOf(seen))?.version ?? 0;
    if (seen.version < known) throw below(seen.role, seen.version, known);
  }
}

/** Since when exactly this version has been known; `undefined` where nobody noted it. */
export function firstSeen(seen: RoleVersion, floor: VersionFloor): number | undefined {
  const known = floor.roles.get(keyOf(seen));
  return known?.version === seen.version ? known.since : undefined;
}

/** The larger of both, role by role, and of equal versions the one seen earlier; of two epochs the newer alone. */
export function maxFloor(one: VersionFloor, other: VersionFloor): VersionFloor {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch ? one : other;
  const roles = new Map(one.roles);
  for (const [role, seen] of other.roles) {
    const known = roles.get(role);
    roles.delete(role);
    roles.set(role, known !== undefined && isCovered(seen, known) ? known : seen);
  }
  return { epoch: one.epoch, roles: bounded(roles) };
}

/** The floor after these versions were verified. */
export function raised({ epoch, roles }: VersionFloor, versions: readonly RoleVersion[]): VersionFloor {
  const signed = versions.filter(({ version }) => version > 0);
  const seen = new Map(signed.map((role) => [keyOf(role), seenOf(role.version, role.since)]));
  return maxFloor({ epoch, roles }, { epoch, roles: seen });
}

/** True where `other` would add nothing to `one`: no higher version, no earlier time of one. */
export function covers(one: VersionFloor, other: VersionFloor): boolean {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch;
  return [...other.roles].every(([role, seen]) => isCovered(seen, one.roles.get(role)));
}

/** One line of JSON: role, version and, where it is known, since when. */
export function formatFloor({ epoch, roles }: VersionFloor): string {
  return JSON.stringify({ epoch, roles: [...roles].map(toEntry) });
}

/** `undefined` for what is no floor: a store is somebody else's memory. */
export function parseFloor(text: string): VersionFloor | undefined {
  try {
    // The cast is checked member by member below.
    const { epoch, roles } = (JSON.parse(text) ?? {}) as Partial<Record<keyof VersionFloor, unknown>>;
    if (!isCount(epoch) || !Array.isArray(roles)) return undefined;
    const entries = (roles as unknown[]).flatMap((entry) => {
      const [role, version, since] = Array.isArray(entry) ? (entry as unknown[]) : [];
      const isSeen = isCount(version) && (since === undefined || isCount(since));
      return typeof role === 'string' && isSeen ? [[role, seenOf(version, since)] as const] : [];
    });
    return entries.length === roles.length ? { epoch, roles: bounded(new Map(entries)) } : undefined;
  } catch {
    // No JSON: no floor. Who wrote it is the store's concern, which signs what it keeps.
    return undefined;
  }
}

/** A time that nobody noted is later than all others. */
function isCovered(seen: SeenVersion, known: SeenVersion | undefined): boolean {
  if (known?.version !== seen.version) return seen.version < (known?.version ?? 0);
  return seen.since === undefined || (known.since !== undefined && known.since <= seen.since);
}

function seenOf(version: number, since: number | undefined): SeenVersion {
  return since === undefined ? { version } : { version, since: Math.floor(since) };
}

function toEntry([role, { version, since }]: readonly [string, SeenVersion]): readonly (string | number)[] {
  return since === undefined ? [role, version] : [role, version, since];
}

function bounded(roles: ReadonlyMap<string, SeenVersion>): ReadonlyMap<string, SeenVersion> {
  return roles.size <= MAX_ROLES ? roles : new Map([...roles].slice(-MAX_ROLES));
}

function keyOf({ role, keys }: RoleVersion): string {
  return `${role}@${keys}`;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function below(role: string, version: number, floor: number): TrustDataError {
  const what = version === 0 ? `no version of ${role}` : `${role} version ${version}`;
  const message = `${what} is older than version ${floor}, which was seen before`;
  return new TrustDataError('rollback', message);
}
