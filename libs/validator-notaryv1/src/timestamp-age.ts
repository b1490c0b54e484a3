import { TrustDataError } from './error.js';

/** How long a version may stand for the present, counted from when anybody first saw it: metadata do not say when they were signed. */
export interface AgeLimit {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly maxSeconds: number;
}

/** What ends a role's life, as far as it is known. */
export interface Ending {
  readonly role: string;
  readonly version: number;
  readonly expires: number;
  readonly age?: AgeLimit;
}

/** The earlier of expiry and age, milliseconds since the epoch. */
export function endOfLife({ expires, age }: Omit<Ending, 'role' | 'version'>): number {
  return age === undefined ? expires : Math.min(expires, age.since + age.maxSeconds * 1000);
}

/** Throws TrustDataError (expired) for a version that is older than the operator allows, however far away its expiry is. */
export function assertYoung({ role, version, age }: Ending, now: number): void {
  // Written so that a NaN on either side denies.
  if (age === undefined || endOfLife({ expires: Infinity, age }) >= now) return;
  const since = new Date(age.since).toISOString();
  const message = `${role} version ${version} was first seen at ${since}, longer ago than maxTimestampAgeSeconds (${age.maxSeconds}) allows`;
  throw new TrustDataError('expired', message);
}
