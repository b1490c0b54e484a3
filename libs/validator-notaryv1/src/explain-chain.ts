import { type Evidence, type Trace } from '#validator';

import type { FoundTarget } from './find-target.js';
import type { Pin } from './pins.js';
import { TrustDataError } from './error.js';
import type { TrustData } from './trust-store.js';

/** Writes the chain of a proof: root key → roles with versions and expiries → delegation → target → digest. */
export function traceChain(data: TrustData, pins: readonly Pin[], trace: Trace): void {
  for (const { name, key } of pins) {
    // As much of the fingerprint as people compare.
    const id = key.fingerprint.slice(0, 'SHA256:'.length + 12);
    const text = `pinned root key "${name}" (${id}…) vouches for the root of ${data.collection}`;
    trace.add({ step: 'verify-signature', ok: true, text: cut(text), trustRoot: name, key: key.fingerprint });
  }
  for (const { role, version, expires } of data.base) trace.add(roleStep(role, version, expires));
}

/** Writes who named the target, and what it is. */
export function traceTarget(
  data: TrustData,
  { digest, roles }: FoundTarget,
  tag: string | undefined,
  trace: Trace,
): void {
  for (const role of roles) {
    const state = data.delegations.get(role);
    if (state !== undefined && !(state instanceof TrustDataError)) {
      trace.add(roleStep(`delegation ${role}`, state.version, state.expires));
    }
  }
  const target = tag === undefined ? 'this digest' : `the tag ${tag}`;
  trace.add({ step: 'verify-claims', ok: true, text: cut(`${roles.join(', ')} names ${target}`) });
  trace.add({ step: 'resolve-digest', ok: true, text: `the target is ${digest}` });
}

function roleStep(role: string, version: number, expires: number): Evidence {
  const text = cut(`${role} version ${version}, until ${new Date(expires).toISOString().slice(0, 16)}Z`);
  return { step: 'verify-signature', ok: true, text };
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
