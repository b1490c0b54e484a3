import type { BusKeys, RedisSettings } from '#bus';
import type { ConfigurationWatch } from '#config';
import type { Logger } from '#observability';
import type { Registry } from 'prom-client';

/** Everything a verifier needs from outside; complete when it is constructed. */
export interface VerifierOptions {
  readonly configuration: ConfigurationWatch;
  readonly management: { readonly host: string; readonly port: number } | undefined;
  readonly redis: RedisSettings;
  readonly keys: () => BusKeys;
  readonly cluster: string;
  readonly name: string;
  readonly secretsDirectory: string | undefined;
  readonly dockerConfig: string | undefined;
  /** Where metrics are; a new one of our own where services do not share. */
  readonly registry?: Registry;
  readonly log: Logger;
}
