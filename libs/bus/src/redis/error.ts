/** What is wrong with the Redis that we were given. */
export type RedisFault = 'url' | 'version';

/** Redis cannot be used as it is configured. Never quotes a URL, which may hold a password. */
export class RedisSetupError extends Error {
  override readonly name = 'RedisSetupError';
  readonly code: RedisFault;

  constructor(code: RedisFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
