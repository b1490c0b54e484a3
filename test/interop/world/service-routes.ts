import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';

import { z } from 'zod';

const run = promisify(execFile);
/** Added to the loopback device of a machine that has no other address: 198.18.0.0/15 is for tests of networks. */
const ADDED_ADDRESS = '198.18.255.254';

const ServicePorts = z.object({
  spec: z.object({ ports: z.array(z.object({ name: z.string().default('') })) }),
});

export interface RouteOptions {
  /** Names of the Service's ports that lead there; those of the Service, which must exist, unless told otherwise. */
  readonly portNames?: readonly string[];
}

interface Cluster {
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
}

/**
 * Ways from Services to ports of this machine. The API server refuses endpoints in 127.0.0.0/8, so what it calls is another
 * address of this machine, and a forwarder there hands every byte on.
 */
export class ServiceRoutes {
  readonly #cluster: Cluster;
  readonly #forwarders = new Map<string, Forwarder>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async route(
    namespace: string,
    service: string,
    hostPort: number,
    options: RouteOptions = {},
  ): Promise<void> {
    const names = options.portNames ?? (await this.#portNames(namespace, service));
    const key = `${namespace}/${service}`;
    await this.#forwarders.get(key)?.close();
    const forwarder = await Forwarder.start(await ownAddress(), hostPort);
    this.#forwarders.set(key, forwarder);
    const slice = endpointSlice({
      namespace,
      service,
      names,
      address: forwarder.address,
      port: forwarder.port,
    });
    await this.#cluster.kubectl(
      ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      JSON.stringify(slice),
    );
  }

  async close(): Promise<void> {
    for (const forwarder of this.#forwarders.values()) await forwarder.close();
    this.#forwarders.clear();
  }

  async #portNames(namespace: string, service: string): Promise<readonly string[]> {
    const text = await this.#cluster.kubectl([
      'get',
      'service',
      service,
      '--namespace',
      namespace,
      '-o',
      'json',
    ]);
    return ServicePorts.parse(JSON.parse(text)).spec.ports.map(({ name }) => name);
  }
}

/** One for each Service, beside which no controller puts another. */
function endpointSlice(parts: {
  readonly namespace: string;
  readonly service: string;
  readonly names: readonly string[];
  readonly address: string;
  readonly port: number;
}): unknown {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${parts.service}-on-host`,
      namespace: parts.namespace,
      labels: { 'kubernetes.io/service-name': parts.service },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [parts.address], conditions: { ready: true } }],
    ports: parts.names.map((name) => ({ name, port: parts.port, protocol: 'TCP' })),
  };
}

/** An IPv4 address of this machine that is not loopback; as root, one is added where there is none. */
async function ownAddress(): Promise<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = addresses.find(
    ({ family, address }) =>
      family === 'IPv4' && !address.startsWith('127.') && !address.startsWith('169.254.'),
  );
  if (own !== undefined) return own.address;
  await run('ip', ['address', 'add', `${ADDED_ADDRESS}/32`, 'dev', 'lo']);
  return ADDED_ADDRESS;
}

/** Hands every connection on to a loopback port, and refuses it when nobody listens there. */
class Forwarder {
  readonly address: string;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, place: { address: string; port: number }) {
    this.#server = server;
    this.#sockets = sockets;
    this.address = place.address;
    this.port = place.port;
  }

  static async start(address: string, hostPort: number): Promise<Forwarder> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (incoming) => {
      const outgoing = connect({ host: '127.0.0.1', port: hostPort, noDelay: true });
      for (const [socket, other] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        sockets.add(socket);
        socket.once('error', () => other.resetAndDestroy());
        socket.once('close', () => {
          sockets.delete(socket);
          other.destroySoon();
        });
        socket.pipe(other);
      }
    });
    server.listen({ host: address, port: 0 });
    await once(server, 'listening');
    server.unref();
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the forwarder has no port');
    return new Forwarder(server, sockets, { address, port: bound.port });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
