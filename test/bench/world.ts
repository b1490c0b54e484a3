import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRedis } from '#bus';
import { makeOwnCertificate } from '#standalone';
import { type PrivateRedis, startPrivateRedis } from '#testing';

import { missingDecisions } from './decisions-on-stream.js';
import { type Child, endChild, firstMessage, freePort, type Place, startChild } from './children.js';
import { status, until, webhookStatus } from './until.js';

const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const PROCESSES = join(import.meta.dirname, 'processes');
const CLUSTER = 'bench';
/** As the launcher starts a service (apps/cli/bin/connaisseur.mjs). */
const FLAGS = [
  '--disable-proto=delete',
  '--no-addons',
  '--disallow-code-generation-from-strings',
  '--max-semi-space-size=32',
];

export interface Gateway extends Child {
  readonly port: number;
  readonly management: string;
}

export interface Floor extends Child {
  readonly port: number;
}

/** Files and a Redis for one configuration, and the processes on it. */
export class World {
  readonly redis: PrivateRedis;
  readonly directory: string;
  readonly #children: Child[] = [];

  private constructor(redis: PrivateRedis, directory: string) {
    this.redis = redis;
    this.directory = directory;
  }

  static async create(configuration: string): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), 'connaisseur-bench-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    for (const folder of ['config', 'alerts', 'secrets', 'certs']) mkdirSync(join(directory, folder));
    writeFileSync(join(directory, 'config', 'config.yaml'), configuration);
    const { cert, key } = await makeOwnCertificate([], new Date());
    writeFileSync(join(directory, 'certs', 'tls.crt'), cert);
    writeFileSync(join(directory, 'certs', 'tls.key'), key);
    const making = startChild([process.execPath, MAIN, 'keys', join(directory, 'keys')]);
    await new Promise((resolve) => making.process.once('close', resolve));
    return new World(await startPrivateRedis(), directory);
  }

  /** Resolves when the management port says ready too. */
  async gateway(place: Place = 'anywhere', extra: readonly string[] = []): Promise<Gateway> {
    const gateway = await this.answeringGateway(place, extra);
    await this.untilManaged(gateway);
    return gateway;
  }

  /** Until the management port answers, which it does last. */
  async untilManaged(gateway: Gateway): Promise<void> {
    const isUp = async (): Promise<boolean> => (await status(`${gateway.management}/ready`)) === 200;
    await until(isUp, 'a gateway is managed', gateway);
  }

  /** Resolves when `/ready` of the webhook's port, which is what Kubernetes asks, says 200. */
  async answeringGateway(place: Place = 'anywhere', extra: readonly string[] = []): Promise<Gateway> {
    const [port, management] = await Promise.all([freePort(), freePort()]);
    const journal = join(this.directory, `journal-${port}`);
    const places = ['--listen', `127.0.0.1:${port}`, '--certs', this.#in('certs'), '--journal', journal];
    const child = this.#service('gateway', `gateway-${port}`, management, places, { place, extra });
    const gateway = { ...child, port, management: `http://127.0.0.1:${management}` };
    await until(async () => (await webhookStatus(port)) === 200, 'a gateway is ready', child);
    return gateway;
  }

  /** The real verifier. */
  async verifier(): Promise<Child> {
    const management = await freePort();
    const child = this.#service('verifier', 'verifier', management, []);
    await until(() => child.output().includes('takes work'), 'the verifier takes work', child);
    return child;
  }

  /** A verifier whose verification is free. */
  async freeVerifier(name: string): Promise<Child> {
    const script = join(PROCESSES, 'free-verifier.js');
    const child = this.#keep(
      startChild([process.execPath, script, this.redis.url, CLUSTER, this.#in('keys/verifier'), name]),
    );
    await firstMessage(child);
    return child;
  }

  async floor(place: Place = 'anywhere'): Promise<Floor> {
    const command = [process.execPath, join(PROCESSES, 'floor.js'), this.#in('certs')];
    const child = this.#keep(startChild(command, { place }));
    return { ...child, port: await firstMessage<number>(child) };
  }

  async redisPid(): Promise<number> {
    const redis = createRedis({ url: this.redis.url }, 'patient');
    const info = String(await redis.call('INFO', 'server'));
    redis.disconnect();
    return Number(/process_id:(\d+)/.exec(info)?.[1]);
  }

  /** Until this many verifiers are on the bus as the gateway sees it. */
  async untilVerifiers({ management }: Gateway, count: number): Promise<void> {
    await until(async () => {
      const body = (await (await fetch(`${management}/ready`)).json()) as { bus: { verifiers?: number } };
      return body.bus.verifiers === count;
    }, `${count} verifiers are on the bus`);
  }

  /** How many of these decisions never come to the stream. */
  async missing(uids: readonly string[]): Promise<number> {
    return await missingDecisions(
      { url: this.redis.url, cluster: CLUSTER, keys: this.#in('keys/watch') },
      uids,
    );
  }

  /** Ends single processes before the end of the world. */
  async release(...children: readonly Child[]): Promise<void> {
    await Promise.all(children.map((child) => endChild(child)));
  }

  async end(): Promise<void> {
    await Promise.all(this.#children.map((child) => endChild(child)));
    await this.redis.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #service(
    kind: 'gateway' | 'verifier',
    name: string,
    management: number,
    places: readonly string[],
    { place = 'anywhere', extra = [] }: { place?: Place; extra?: readonly string[] } = {},
  ): Child {
    const common = ['--config', this.#in('config/config.yaml'), '--alerts', this.#in('alerts')];
    const bus = ['--redis-url', this.redis.url, '--redis-certs', this.#in('none'), '--cluster-id', CLUSTER];
    const keys = ['--keys', this.#in(`keys/${kind}`), '--secrets', this.#in('secrets')];
    const port = ['--management', `127.0.0.1:${management}`];
    return this.#keep(
      startChild(
        [process.execPath, ...FLAGS, ...extra, MAIN, kind, ...common, ...bus, ...keys, ...port, ...places],
        { place, env: { POD_NAME: name, HOME: this.directory, LOG_LEVEL: 'info' } },
      ),
    );
  }

  #in(path: string): string {
    return join(this.directory, path);
  }

  #keep<T extends Child>(child: T): T {
    this.#children.push(child);
    return child;
  }
}

/** One cosign validator with one key for one host, and a tag cache that outlives the run. */
export function configurationFor(host: string, publicKey: string): string {
  const pem = publicKey.trim().replaceAll('\n', '\n          ');
  return `validators:
  - name: deny
    type: static
    approve: false
  - name: team
    type: cosign
    trustRoots:
      - name: default
        key: |
          ${pem}
policy:
  - pattern: "*:*"
    validator: deny
  - pattern: "${host}/*:*"
    validator: team
    with:
      verifyInTransparencyLog: false
features:
  cache:
    expirySeconds: 3600
`;
}
