import { type Evidence, type Trace } from '#validator';

import type { FoundTarget } from './find-target.js';
import type { Pin } from './pins.js';
import { TrustDataError } from './error.js';
import type { AgeLimit } from './timestamp-age.js';
import type { TrustData } from './trust-store.js';

/** Writes the chain of a proof: root key → roles with versions and expiries → delegation → target → digest. */
export function traceChain(data: TrustData, pins: readonly Pin[], trace: Trace): void {
  for (const { name, key } of pins) {
    // As much of the fingerprint as people compare.
    const id = key.fingerprint.slice(0, 'SHA256:'.length + 12);
    const text = `pinned root key "${name}" (${id}…) vouches for the root of ${data.collection}`;
    trace.add({ step: 'verify-signature', ok: true, text: cut(text), trustRoot: name, key: key.fingerprint });
  }
  for (const { role, version, expires, age } of data.base) trace.add(roleStep(role, version, expires, age));
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

function roleStep(role: string, version: number, expires: number, age?: AgeLimit): Evidence {
  const limit =
    age === undefined ? '' : `, at most ${age.maxSeconds} s after it was first seen (${minuteOf(age.since)})`;
  const text = cut(`${role} version ${version}, until ${minuteOf(expires)}${limit}`);
  return { step: 'verify-signature', ok: true, text };
}

function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
