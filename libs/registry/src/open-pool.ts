import { Pool } from 'undici';

import { TRANSPORT_LIMITS } from './limits.js';
import { type ConnectorOptions, pinnedConnector, type Resolve, systemResolve } from './pinned-connector.js';

const POOL = {
  allowH2: false,
  pipelining: 1,
  connections: TRANSPORT_LIMITS.connectionsPerOriginCount,
  maxHeaderSize: TRANSPORT_LIMITS.headerBytes,
  headersTimeout: TRANSPORT_LIMITS.requestMs,
  bodyTimeout: TRANSPORT_LIMITS.requestMs,
  keepAliveTimeout: TRANSPORT_LIMITS.idleConnectionMs,
  keepAliveMaxTimeout: TRANSPORT_LIMITS.idleConnectionMs,
  // Explicit, so that UNDICI_USE_MILO in the environment changes nothing.
  useMilo: false,
} as const;

export type OpenPool = typeof openPool;

/** Connections to one origin: TLS ≥ 1.2, HTTP/1.1, only to addresses within reach. */
export function openPool(
  origin: string,
  {
    resolve = systemResolve,
    ...options
  }: Omit<ConnectorOptions, 'resolve'> & { resolve: Resolve | undefined },
): Pool {
  return new Pool(origin, { ...POOL, connect: pinnedConnector({ ...options, resolve }) });
}
