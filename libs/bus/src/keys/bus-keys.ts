import type { KeyObject } from 'node:crypto';

import { BusKeyError } from './error.js';
import { type KeyId, parseKeyId } from './key-id.js';
import { parsePrivateKey, parsePublicKey, parseRequestKey } from './key-text.js';
import { RequestKeys } from './request-keys.js';
import { DecisionKeys, type SignatureKeyParts, VerdictKeys } from './signature-keys.js';

/** The keys that a process has; which ones depends on its role. */
export interface BusKeys {
  readonly requests: RequestKeys | undefined;
  readonly verdicts: VerdictKeys | undefined;
  readonly decisions: DecisionKeys | undefined;
}

/** How many keys of one kind may overlap. */
const MAX_KEYS = 16;
const SUFFIX = /^(.*)\.(requests\.key|verdicts\.key|verdicts\.pub|decisions\.key|decisions\.pub)$/;

/**
 * Reads the files of a key directory, by name. The parts that are present are there and complete; a file that looks like a
 * key and is none is an error, so that a typing mistake never makes a key silently absent. Throws {@link BusKeyError}.
 */
export function readBusKeys(files: ReadonlyMap<string, string>): BusKeys {
  const requests = new Map<KeyId, Uint8Array>();
  const verdicts = emptyParts();
  const decisions = emptyParts();
  for (const [name, text] of files) {
    const { id, kind } = parseName(name) ?? {};
    if (id === undefined) continue;
    if (kind === 'requests.key') requests.set(id, parseRequestKey(name, text));
    else if (kind === 'verdicts.key') verdicts.privateKeys.set(id, parsePrivateKey(name, text));
    else if (kind === 'verdicts.pub') verdicts.publicKeys.set(id, parsePublicKey(name, text));
    else if (kind === 'decisions.key') decisions.privateKeys.set(id, parsePrivateKey(name, text));
    else if (kind === 'decisions.pub') decisions.publicKeys.set(id, parsePublicKey(name, text));
  }
  assertCount('requests', requests.size);
  return {
    requests: requests.size === 0 ? undefined : new RequestKeys(requests),
    verdicts: isEmpty('verdicts', verdicts) ? undefined : new VerdictKeys(verdicts),
    decisions: isEmpty('decisions', decisions) ? undefined : new DecisionKeys(decisions),
  };
}

/** Undefined for a file that is no key: a README, or the `..data` link of a mounted secret. */
function parseName(name: string): { id: KeyId; kind: string } | undefined {
  if (name.startsWith('.') || !/\.(?:key|pub)$/.test(name)) return undefined;
  const match = SUFFIX.exec(name);
  if (match === null) {
    throw new BusKeyError(
      'name',
      `${JSON.stringify(name.slice(0, 100))}: expected <id>.requests.key, <id>.verdicts.key, <id>.verdicts.pub, <id>.decisions.key or <id>.decisions.pub`,
    );
  }
  return { id: parseKeyId(match[1] ?? ''), kind: match[2] ?? '' };
}

function emptyParts(): { privateKeys: Map<KeyId, KeyObject>; publicKeys: Map<KeyId, KeyObject> } {
  return { privateKeys: new Map(), publicKeys: new Map() };
}

function isEmpty(kind: string, { privateKeys, publicKeys }: SignatureKeyParts): boolean {
  const ids = new Set([...privateKeys.keys(), ...publicKeys.keys()]);
  assertCount(kind, ids.size);
  return ids.size === 0;
}

function assertCount(kind: string, count: number): void {
  if (count <= MAX_KEYS) return;
  throw new BusKeyError(
    'count',
    `${kind}: expected at most ${MAX_KEYS} keys at once, got ${count}; remove the old ones`,
  );
}
