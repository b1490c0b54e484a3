import type { BusKeys, RedisSettings } from '#bus';
import type { ConfigurationWatch } from '#config';
import type { ConnectionChoice } from '#kubernetes';
import type { Logger } from '#observability';
import type { Registry } from 'prom-client';

import type { TlsSource } from './webhook/tls-material.js';

/** Everything a gateway needs from outside; complete when it is constructed. */
export interface GatewayOptions {
  readonly configuration: ConfigurationWatch;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where health detail and metrics are served; `undefined`: whoever embeds us serves them. */
  readonly management: { readonly host: string; readonly port: number } | undefined;
  readonly tls: TlsSource;
  readonly redis: RedisSettings;
  readonly keys: () => BusKeys;
  /** UID of `kube-system`, else a configured id. */
  readonly cluster: string;
  /** Name of this process, unique among the gateways that live at the same time. */
  readonly name: string;
  readonly secretsDirectory: string | undefined;
  readonly dockerConfig: string | undefined;
  readonly templatesDirectory: string | undefined;
  /** Where decisions wait while Redis is down; `undefined`: nowhere, and losses are counted. */
  readonly journalDirectory: string | undefined;
  /** `thread`: our own verification runs beside us with a heap of its own. */
  readonly isolation: 'thread' | 'none';
  /**
   * How long a gateway that is told to stop goes on serving, unready and closing connections with each answer, ms. 0: it
   * stops listening at once.
   */
  readonly drainMs?: number;
  /** Where metrics are; a new one of our own where services do not share. */
  readonly registry?: Registry;
  /** The way to the API server; `undefined`: there is none, and features that need it are off. */
  readonly kubernetes?: ConnectionChoice | undefined;
  readonly log: Logger;
}
