import { NOTARY_LIMITS } from './limits.js';

/** The four roles that every collection has. */
export type BaseRole = 'root' | 'timestamp' | 'snapshot' | 'targets';
/** A role whose metadata name targets. */
export type TargetsRole = 'targets' | `targets/${string}`;
export type RoleName = BaseRole | TargetsRole;

/** One step of a delegation's name: never empty, no dot, no percent sign, so a name is never a path of its own making. */
const STEP = /^[-a-z0-9_]+$/;

/** True for `targets/…` in notary's grammar. Linear in the length, which is bounded. */
export function isDelegation(name: string): name is `targets/${string}` {
  if (name.length > NOTARY_LIMITS.roleNameCharacters || !name.startsWith('targets/')) return false;
  return name
    .slice('targets/'.length)
    .split('/')
    .every((step) => STEP.test(step));
}

/** True where `name` lies exactly one step below `parent`. */
export function isChild(name: string, parent: TargetsRole): boolean {
  return name.startsWith(`${parent}/`) && !name.slice(parent.length + 1).includes('/');
}

/** The delegations from below `targets` down to this one, itself included. */
export function wayOf(role: TargetsRole): readonly `targets/${string}`[] {
  const steps = role.split('/');
  return steps.map((_, index) => steps.slice(0, index + 1).join('/')).filter(isDelegation);
}

/** `releases` and `targets/releases` mean the same; `undefined` for what is no delegation's name. */
export function delegationOf(text: string): `targets/${string}` | undefined {
  const name = text.startsWith('targets/') ? text : `targets/${text}`;
  return isDelegation(name) ? name : undefined;
}
