import type { AdmittedWorkload } from '#contracts';

/** Which owner is asked about. */
export interface OwnerPlace {
  readonly namespace: string;
  readonly uid: string;
}

/** The longest life that a reader believes, whatever was written, ms. */
export const MAX_ADMITTED_MS = 7 * 24 * 3_600_000;

/**
 * What gateways keep of workloads that they admitted with proof. A help and never a source of trouble: whatever is wrong
 * with the store means that there is no record, and then a child is verified like any other.
 */
export abstract class AdmittedWorkloads {
  /** The record of exactly this owner, while it lives; nothing otherwise, also when `signal` ends first. Never rejects. */
  abstract get(owner: OwnerPlace, signal: AbortSignal): Promise<AdmittedWorkload | undefined>;
  /** Keeps a record to its end, in place of an older one of the same owner. Never rejects. */
  abstract put(workload: AdmittedWorkload): Promise<void>;
}

/** True while a reader may use the record, and for the owner that it is about only. */
export function isInForce(
  { namespace, uid, until }: AdmittedWorkload,
  owner: OwnerPlace,
  now: number,
): boolean {
  return (
    namespace === owner.namespace &&
    uid === owner.uid &&
    until > now &&
    until <= now + MAX_ADMITTED_MS + SKEW_MS
  );
}

/** How far another gateway's clock may be ahead of a reader's, ms. */
const SKEW_MS = 60_000;
