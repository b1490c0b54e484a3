import { decodeBase64, TrustError } from '#trust';

import type { Envelope } from './envelope.js';
import { malformed, TrustDataError } from './error.js';
import { parseExpiry } from './expiry.js';
import { Fields } from './fields.js';
import { NOTARY_LIMITS } from './limits.js';
import { type BaseRole, isChild, isDelegation, type TargetsRole } from './role-name.js';
import { KeyRing, RoleKeys } from './role-keys.js';

/** What every role's metadata say of themselves. */
interface Metadata {
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly envelope: Envelope;
}

export interface Root extends Metadata {
  readonly roles: Readonly<Record<BaseRole, RoleKeys>>;
}

/** What one file says of another: exactly these bytes. */
export interface FileLink {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sha512: string | undefined;
  readonly length: number;
}

export interface Timestamp extends Metadata {
  readonly snapshot: FileLink;
}

export interface Snapshot extends Metadata {
  readonly root: FileLink;
  readonly targets: FileLink;
  /** The delegation roles that have signed something. */
  readonly delegations: ReadonlyMap<string, FileLink>;
}

/** A role that may sign for targets of its paths. */
export interface Delegation {
  readonly name: `targets/${string}`;
  readonly keys: RoleKeys;
  /** Prefixes of tags; the empty one is every tag. */
  readonly paths: readonly string[];
  readonly isTerminating: boolean;
}

export interface Targets extends Metadata {
  /** As signed, by tag. Tags may be called like what every object has: one is read with `member` only. */
  readonly targets: Readonly<Record<string, unknown>>;
  readonly delegations: readonly Delegation[];
}

const SIGNED = [
  '_type',
  'version',
  'expires',
  'consistent_snapshot',
  'meta',
  'targets',
  'delegations',
  'keys',
  'roles',
];
const BASE_ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const;

/** Every parser throws TrustDataError for what is not metadata of exactly this role; nothing here is verified. */
export function parseRoot(envelope: Envelope, now: number): Root {
  const { fields, metadata } = open(envelope, 'Root', now);
  const ring = new KeyRing(fields.object('keys'));
  const roles = new Fields(fields.any('roles'), 'the roles of a root', BASE_ROLES);
  const keysOf = (role: BaseRole): RoleKeys =>
    new RoleKeys(new Fields(roles.any(role), `the role ${role}`, ['keyids', 'threshold']), ring);
  return {
    ...metadata,
    roles: {
      root: keysOf('root'),
      timestamp: keysOf('timestamp'),
      snapshot: keysOf('snapshot'),
      targets: keysOf('targets'),
    },
  };
}

/** As {@link parseRoot}; names exactly one snapshot. */
export function parseTimestamp(envelope: Envelope, now: number): Timestamp {
  const { fields, metadata } = open(envelope, 'Timestamp', now);
  const meta = new Fields(fields.any('meta'), 'the meta of a timestamp', ['snapshot']);
  return { ...metadata, snapshot: parseLink(meta.any('snapshot'), NOTARY_LIMITS.snapshotBytes) };
}

/** As {@link parseRoot}; what is listed and no delegation's name of notary's grammar is passed over. */
export function parseSnapshot(envelope: Envelope, now: number): Snapshot {
  const { fields, metadata } = open(envelope, 'Snapshot', now);
  const meta = new Fields(fields.any('meta'), 'the meta of a snapshot', ['root', 'targets']);
  const delegations = new Map<string, FileLink>();
  for (const [name, value] of Object.entries(fields.object('meta'))) {
    if (isDelegation(name)) delegations.set(name, parseLink(value, NOTARY_LIMITS.targetsBytes));
  }
  return {
    ...metadata,
    root: parseLink(meta.any('root'), NOTARY_LIMITS.rootBytes),
    targets: parseLink(meta.any('targets'), NOTARY_LIMITS.targetsBytes),
    delegations,
  };
}

/** For `targets` and for delegations, which have the same type. `role` is whose children the delegations must be. */
export function parseTargets(envelope: Envelope, role: TargetsRole, now: number): Targets {
  const { fields, metadata } = open(envelope, 'Targets', now);
  const delegations = new Fields(fields.any('delegations') ?? {}, 'delegations', ['keys', 'roles']);
  const ring = new KeyRing(delegations.object('keys'));
  const roles = delegations
    .list('roles', NOTARY_LIMITS.delegationsCount)
    .map((value) => parseDelegation(value, role, ring));
  if (new Set(roles.map(({ name }) => name)).size !== roles.length) {
    throw malformed('expected each delegation once');
  }
  return { ...metadata, targets: fields.object('targets'), delegations: roles };
}

/** Throws TrustDataError where these are not the bytes that the link names. */
export function assertLinked(link: FileLink, { envelope }: Metadata, what: string): void {
  const { bytes, sha256 } = envelope;
  const isSame =
    bytes.byteLength === link.length &&
    sha256 === link.sha256 &&
    (link.sha512 === undefined || envelope.sha512() === link.sha512);
  if (!isSame) throw new TrustDataError('hash', `${what} has not the bytes that its signed hash names`);
}

function open(
  envelope: Envelope,
  type: 'Root' | 'Timestamp' | 'Snapshot' | 'Targets',
  now: number,
): { fields: Fields; metadata: Metadata } {
  const fields = new Fields(envelope.signed, 'the metadata', SIGNED);
  if (fields.any('_type') !== type) throw new TrustDataError('type', `expected metadata of type ${type}`);
  const expires = parseExpiry(fields.text('expires', 64), now);
  return { fields, metadata: { version: fields.version(), expires, envelope } };
}

function parseLink(value: unknown, maxBytes: number): FileLink {
  const fields = new Fields(value, 'the hashes of a file', ['hashes', 'length', 'custom']);
  const hashes = new Fields(fields.any('hashes'), 'hashes', ['sha256', 'sha512']);
  const sha512 = hashes.any('sha512');
  return {
    sha256: hexOf(hashes.any('sha256'), 32),
    sha512: sha512 === undefined ? undefined : hexOf(sha512, 64),
    length: fields.integer('length', 1, maxBytes),
  };
}

/** Standard base64 of so many bytes, as hex. */
export function hexOf(value: unknown, byteCount: number): string {
  try {
    const bytes = typeof value === 'string' && value.length <= 128 ? decodeBase64(value) : undefined;
    if (bytes?.length === byteCount) return Buffer.from(bytes).toString('hex');
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
  }
  throw malformed(`expected a hash of ${byteCount} bytes in base64`);
}

function parseDelegation(value: unknown, parent: TargetsRole, ring: KeyRing): Delegation {
  const fields = new Fields(value, 'a delegation', ['name', 'paths', 'keyids', 'threshold', 'terminating']);
  const name = fields.text('name', NOTARY_LIMITS.roleNameCharacters);
  if (!isDelegation(name) || !isChild(name, parent)) {
    throw malformed('expected delegations to be named one step below their parent');
  }
  return {
    name,
    keys: new RoleKeys(fields, ring),
    paths: fields.texts('paths', NOTARY_LIMITS.pathsCount, NOTARY_LIMITS.pathCharacters),
    isTerminating: fields.any('terminating') === true,
  };
}
