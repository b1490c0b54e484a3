import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';

import { buildConnector } from 'undici';

import {
  type AddressClass,
  classifyAddress,
  isWithinReach,
  type Reach,
  withoutBrackets,
} from './address-class.js';
import { TRANSPORT_LIMITS } from './limits.js';
import { TransportError } from './transport-error.js';

/** Name to addresses; the default asks the system's resolver. */
export type Resolve = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export interface ConnectorOptions {
  readonly reach: Reach;
  readonly ca: string | undefined;
  readonly resolve: Resolve;
  /** Told the class of each address that a connection really has. */
  readonly onConnected: (is: Exclude<AddressClass, 'forbidden'>) => void;
}

/** The system's resolver: hosts file, search domains, DNS. */
export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Connects only to addresses within reach: the name is resolved once, the addresses are judged, and the socket is given
 * exactly those, so that a second answer of the name server cannot matter. The peer's address is judged again afterwards.
 */
export function pinnedConnector(options: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    timeout: TRANSPORT_LIMITS.connectMs,
    minVersion: 'TLSv1.2',
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment changes nothing.
    rejectUnauthorized: true,
    minDHSize: 2048,
    lookup: lookupWithin(options),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  return (target, callback) => {
    const literal = withoutBrackets(target.hostname);
    if (isIP(literal) !== 0 && !isWithinReach(classifyAddress(literal), options.reach)) {
      callback(outOfReach(target.hostname), null);
      return;
    }
    connect(target, (...result) => {
      const [error, socket] = result;
      if (error !== null) {
        callback(error, null);
        return;
      }
      const is = classifyAddress(socket.remoteAddress ?? '');
      if (is === 'forbidden' || !isWithinReach(is, options.reach)) {
        socket.destroy();
        callback(outOfReach(target.hostname), null);
        return;
      }
      options.onConnected(is);
      callback(null, socket);
    });
  };
}

function lookupWithin({ resolve, reach }: ConnectorOptions): LookupFunction {
  return (hostname, options, callback) => {
    const lookup = resolveWithin(resolve, hostname, reach);
    /* oxlint-disable promise/no-callback-in-promise -- Node's contract for `lookup` is a callback */
    lookup.then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : noAddress(), ''),
    );
    /* oxlint-enable promise/no-callback-in-promise */
  };
}

type Address = Awaited<ReturnType<Resolve>>[number];

async function resolveWithin(
  resolve: Resolve,
  hostname: string,
  reach: Reach,
): Promise<[Address, ...Address[]]> {
  const found = await resolve(hostname);
  const [first, ...others] = found.filter(({ address }) => isWithinReach(classifyAddress(address), reach));
  if (first === undefined) throw found.length === 0 ? noAddress() : outOfReach(hostname);
  return [first, ...others];
}

function outOfReach(hostname: string): Error {
  return new TransportError('refused-by-policy', hostname, 'ADDRESS_OUT_OF_REACH');
}

function noAddress(): Error {
  return Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' });
}
