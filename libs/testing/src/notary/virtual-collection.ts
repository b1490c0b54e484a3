import { createHash } from 'node:crypto';

import type { NotaryKey, NotarySignature } from './notary-key.js';
import { signingForm } from './signing-form.js';

/** Any JSON object, to be broken at will. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyJson = Record<string, any>;

/** One thing to do differently when files are made. */
export interface TrustDataBreak {
  readonly role: string;
  /** Changes what is about to be signed. */
  readonly signed?: (signed: AnyJson) => void;
  /** Changes the signed file; the files above it then name what came of it. */
  readonly file?: (file: { signed: AnyJson; signatures: NotarySignature[] }) => void;
  /** Other keys sign than the role's own. */
  readonly signers?: readonly NotaryKey[];
  /** How the file is written; default: without spaces. */
  readonly write?: (file: AnyJson) => string;
  /** Changes what the server serves after all hashes were made; `undefined` takes it away. */
  readonly served?: (bytes: Buffer) => Buffer | undefined;
  /** Version and expiry in place of the next ones. */
  readonly version?: number;
  readonly expires?: string;
}

export interface RoleSpec {
  keys: NotaryKey[];
  threshold: number;
}

export interface DelegationSpec extends RoleSpec {
  paths: string[];
  terminating?: boolean;
}

export interface CollectionKeys {
  readonly root: NotaryKey;
  readonly timestamp: NotaryKey;
  readonly snapshot: NotaryKey;
  readonly targets: NotaryKey;
}

type Base = keyof CollectionKeys;

/** Trust data of one collection: what a publisher would write, and on demand broken in one place. */
export class VirtualCollection {
  readonly name: string;
  readonly roles: Record<Base, RoleSpec>;
  readonly delegations = new Map<string, DelegationSpec>();
  /** Delegations that have never signed. */
  readonly silent = new Set<string>();
  readonly targets = new Map<string, Map<string, unknown>>([['targets', new Map()]]);
  readonly versions = new Map<string, number>();
  #rootSigned = '';
  #formerRootKeys: readonly NotaryKey[] = [];
  #rootFile: Buffer = Buffer.alloc(0);
  readonly #files: Map<string, Uint8Array>;
  readonly #now: () => number;

  constructor(name: string, keys: CollectionKeys, files: Map<string, Uint8Array>, now: () => number) {
    this.name = name;
    this.roles = {
      root: { keys: [keys.root], threshold: 1 },
      timestamp: { keys: [keys.timestamp], threshold: 1 },
      snapshot: { keys: [keys.snapshot], threshold: 1 },
      targets: { keys: [keys.targets], threshold: 1 },
    };
    this.#files = files;
    this.#now = now;
  }

  add(tag: string, digest: string, role = 'targets'): this {
    const sha256 = Buffer.from(digest.replace('sha256:', ''), 'hex').toString('base64');
    return this.addRaw(tag, { hashes: { sha256 }, length: 528 }, role);
  }

  addRaw(tag: string, target: unknown, role = 'targets'): this {
    const targets = this.targets.get(role) ?? new Map<string, unknown>();
    this.targets.set(role, targets.set(tag, target));
    return this;
  }

  delegate(
    name: string,
    keys: readonly NotaryKey[],
    options: Partial<Omit<DelegationSpec, 'keys'>> = {},
  ): this {
    this.delegations.set(name, { threshold: 1, paths: [''], ...options, keys: [...keys] });
    return this;
  }

  /** Writes every file, each a version further (the root only where it changed), under all names that a server has for it. */
  publish(...breaks: readonly TrustDataBreak[]): this {
    const root = this.#publishRoot(breaks);
    const snapshotMeta: AnyJson = { root };
    for (const role of ['targets', ...this.delegations.keys()]) {
      if (!this.silent.has(role)) snapshotMeta[role] = this.#publishTargets(role, breaks);
    }
    const snapshot = this.#publishFile('snapshot', { _type: 'Snapshot', meta: snapshotMeta }, breaks);
    this.#publishFile('timestamp', { _type: 'Timestamp', meta: { snapshot } }, breaks);
    return this;
  }

  /** These keys, each of which must sign, are the root's from the next publication on. */
  roots(...keys: readonly NotaryKey[]): this {
    this.roles.root = { keys: [...keys], threshold: keys.length };
    return this;
  }

  /** Serves these files, by name, in place of this collection's own. */
  serve(files: ReadonlyMap<string, Uint8Array>): this {
    for (const [name, bytes] of files) this.#files.set(`${this.name}/${name}`, bytes);
    return this;
  }

  /** The bytes of a file as served now. */
  file(name: string): Buffer {
    return Buffer.from(this.#files.get(`${this.name}/${name}`) ?? Buffer.alloc(0));
  }

  #publishRoot(breaks: readonly TrustDataBreak[]): AnyJson {
    const keys: AnyJson = {};
    const roles: AnyJson = {};
    for (const [role, spec] of Object.entries(this.roles)) {
      for (const key of spec.keys) keys[key.id] = key.json;
      roles[role] = { keyids: spec.keys.map(({ id }) => id), threshold: spec.threshold };
    }
    const body = { _type: 'Root', consistent_snapshot: false, keys, roles };
    const isBroken = breaks.some(({ role }) => role === 'root');
    if (signingForm(body) === this.#rootSigned && !isBroken) return linkOf(this.#rootFile);
    const signers = [...new Set([...this.roles.root.keys, ...this.#formerRootKeys])];
    const link = this.#publishFile('root', body, breaks, signers);
    this.#rootFile = this.file('root');
    this.#rootSigned = signingForm(body);
    this.#formerRootKeys = [...this.roles.root.keys];
    return link;
  }

  #publishTargets(role: string, breaks: readonly TrustDataBreak[]): AnyJson {
    const children = [...this.delegations].filter(([name]) => name.replace(/\/[^/]*$/, '') === role);
    const keys: AnyJson = {};
    for (const [, spec] of children) for (const key of spec.keys) keys[key.id] = key.json;
    const roles = children.map(([name, { keys: own, paths, threshold, terminating }]) => ({
      keyids: own.map(({ id }) => id),
      name,
      paths,
      threshold,
      ...(terminating === undefined ? {} : { terminating }),
    }));
    const targets = Object.fromEntries(this.targets.get(role) ?? []);
    return this.#publishFile(role, { _type: 'Targets', delegations: { keys, roles }, targets }, breaks);
  }

  #publishFile(
    role: string,
    body: AnyJson,
    breaks: readonly TrustDataBreak[],
    rootSigners?: readonly NotaryKey[],
  ): AnyJson {
    const mine = breaks.find((each) => each.role === role);
    const version = mine?.version ?? (this.versions.get(role) ?? 0) + 1;
    this.versions.set(role, version);
    const days = { root: 3650, timestamp: 14 }[role] ?? 1095;
    const expires = mine?.expires ?? new Date(this.#now() + days * 86_400_000).toISOString();
    // A copy: a break must not reach the keys that other publications share.
    const signed: AnyJson = { ...structuredClone(body), expires, version };
    mine?.signed?.(signed);
    const spec = this.delegations.get(role) ?? this.roles[role as Base];
    const form = Buffer.from(signingForm(signed));
    const signatures = (mine?.signers ?? rootSigners ?? spec.keys).map((key) => key.sign(form));
    const file = { signed, signatures };
    mine?.file?.(file);
    const canonical = `{"signed":${signingForm(file.signed)},"signatures":${JSON.stringify(file.signatures)}}`;
    const bytes = Buffer.from(mine?.write?.(file) ?? canonical);
    const link = linkOf(bytes);
    const hex = createHash('sha256').update(bytes).digest('hex');
    const served = mine?.served === undefined ? bytes : mine.served(bytes);
    for (const name of [role, `${role}.${hex}`, ...(role === 'root' ? [`${version}.root`] : [])]) {
      if (served === undefined) this.#files.delete(`${this.name}/${name}`);
      else this.#files.set(`${this.name}/${name}`, served);
    }
    return link;
  }
}

function linkOf(bytes: Buffer): AnyJson {
  const hash = (name: string): string => createHash(name).update(bytes).digest('base64');
  return { hashes: { sha256: hash('sha256'), sha512: hash('sha512') }, length: bytes.length };
}
