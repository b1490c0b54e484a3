import type { RegistryLimit } from './limits.js';

/** Why a registry gave no usable answer. Only `not-found` is an answer about the image. */
export type RegistryReason =
  | 'not-found'
  | 'unauthorized'
  | 'unreachable'
  | 'rate-limited'
  | 'timed-out'
  | 'malformed'
  | 'too-large'
  | 'refused-by-policy';

export interface RegistryErrorDetails {
  readonly retryAfterMs?: number | undefined;
  readonly limit?: RegistryLimit | undefined;
  readonly cause?: unknown;
}

/** Something was asked of a registry and did not come. The message holds no secret and nothing that a registry wrote. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly reason: RegistryReason;
  /** Canonical host of the image, for example `docker.io`. */
  readonly host: string;
  /** How long the registry wants us to wait, where it said so. */
  readonly retryAfterMs: number | undefined;
  /** For `too-large`: which bound was passed. `referrersCount` means that an image has too many signatures to look at. */
  readonly limit: RegistryLimit | undefined;

  constructor(reason: RegistryReason, host: string, message: string, details: RegistryErrorDetails = {}) {
    super(`registry ${host}: ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.host = host;
    this.retryAfterMs = details.retryAfterMs;
    this.limit = details.limit;
  }
}
