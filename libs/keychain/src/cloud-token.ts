import type { CloudRegistry } from './cloud-registry.js';

/** What a provider gave: a user name and a password for as long as it lasts. */
export interface CloudToken {
  readonly username: string;
  readonly password: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Gets tokens of one provider with the identity of this process. Rejects where there is none, or with `signal`. */
export interface TokenProvider<R extends CloudRegistry = CloudRegistry> {
  /** Registries with equal keys share a token. */
  keyOf(registry: R): string;
  token(registry: R, signal: AbortSignal): Promise<CloudToken>;
}

/** A provider answered, and not as it should. Never quotes the answer. */
export class CloudTokenError extends Error {
  override readonly name = 'CloudTokenError';
  readonly reason: 'no-token' | 'refused' | 'malformed';

  constructor(reason: CloudTokenError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
