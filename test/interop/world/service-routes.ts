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
  /** Loopback address that the port belongs to; 127.0.0.1 unless told otherwise. */
  readonly host?: string;
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
    const { address, port } = await this.#forwarder(`${namespace}/${service}`, {
      host: options.host ?? '127.0.0.1',
      port: hostPort,
    });
    const slice = JSON.stringify(endpointSlice({ namespace, service, names, address, port }));
    await this.#cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], slice);
  }

  /** A Service keeps its forwarder, so that a new target is in force at once. */
  async #forwarder(key: string, target: Target): Promise<Forwarder> {
    const known = this.#forwarders.get(key);
    if (known !== undefined) {
      known.leadTo(target);
      return known;
    }
    const forwarder = await Forwarder.start(await ownAddress(), target);
    this.#forwarders.set(key, forwarder);
    return forwarder;
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
  await run('ip', ['address', 'replace', `${ADDED_ADDRESS}/32`, 'dev', 'lo']);
  return ADDED_ADDRESS;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Hands every connection on to a loopback port, and ends it when nobody listens there. */
class Forwarder {
  readonly address: string;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: Target;

  private constructor(server: Server, address: string, target: Target) {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the forwarder has no port');
    this.#server = server;
    this.#target = target;
    this.address = address;
    this.port = bound.port;
    server.on('connection', (incoming) => this.#handOn(incoming));
  }

  static async start(address: string, target: Target): Promise<Forwarder> {
    const server = createServer({ noDelay: true });
    server.listen({ host: address, port: 0 });
    await once(server, 'listening');
    server.unref();
    return new Forwarder(server, address, target);
  }

  /** Connections to the old port end. */
  leadTo(target: Target): void {
    this.#target = target;
    this.#endConnections();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#endConnections();
    await closed;
  }

  #handOn(incoming: Socket): void {
    const outgoing = connect({ ...this.#target, noDelay: true });
    this.#join(incoming, outgoing);
    this.#join(outgoing, incoming);
  }

  #join(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.once('error', () => other.resetAndDestroy());
    socket.once('close', () => {
      this.#sockets.delete(socket);
      other.destroySoon();
    });
    socket.pipe(other);
  }

  #endConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
