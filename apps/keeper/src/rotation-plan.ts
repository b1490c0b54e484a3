import { bundleHolds, isTrustedBy, lifeOf } from '#certificates';

/** What is known before the next step; PEM. */
export interface RotationState {
  readonly authority: string;
  readonly next: string | undefined;
  readonly serving: string | undefined;
  /** Bundles that the API server has, one for each webhook configuration; empty where one is missing. */
  readonly trusted: readonly string[];
  /** Since when both of them hold the successor. */
  readonly nextTrustedSince: Date | undefined;
}

export type RotationStep =
  /** Make a successor; the bundle grows by it. */
  | 'make-next'
  /** Note that everybody has been told of the successor. */
  | 'note-trusted'
  /** The successor signs from now on. */
  | 'promote'
  | 'issue-serving'
  | 'none';

/** How long every API server may take to see a configuration that it watches. */
export const SETTLE_MS = 60_000;

/**
 * The next step of rotation. A serving certificate changes only to one whose authority both configurations have trusted for
 * a while: so no request meets a certificate that its API server does not know.
 */
export function nextStep(
  { authority, next, serving, trusted, nextTrustedSince }: RotationState,
  now: Date,
): RotationStep {
  if (next !== undefined) {
    const isTrusted =
      trusted.length > 0 && trusted.every((bundle) => bundle !== '' && bundleHolds(bundle, next));
    if (!isTrusted) return needsServing(serving, authority, now) ? 'issue-serving' : 'none';
    if (nextTrustedSince === undefined) return 'note-trusted';
    if (now.getTime() - nextTrustedSince.getTime() >= SETTLE_MS) return 'promote';
  } else if (lifeOf(authority).rotateAt <= now) return 'make-next';
  return needsServing(serving, authority, now) ? 'issue-serving' : 'none';
}

/** `authority` is a bundle whose first certificate signs. */
function needsServing(serving: string | undefined, authority: string, now: Date): boolean {
  if (serving === undefined) return true;
  const [signing = ''] =
    authority.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*/) ?? [];
  // What an ended authority signs helps nobody: its successor does.
  if (lifeOf(signing).notAfter <= now) return false;
  // An authority near its end can give no longer life: its successor does.
  const canLast = lifeOf(signing).notAfter > lifeOf(serving).notAfter;
  return (lifeOf(serving).rotateAt <= now && canLast) || !isTrustedBy(serving, signing, now);
}
