// Over 200 lines: every process of the running system, started and stopped in one place.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { makeOwnCertificate } from '#standalone';
import { type PrivateRedis, startPrivateRedis } from '#testing';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'dist', 'apps', 'cli', 'src', 'main.js');
const START_MS = 60_000;

/** One process of the product, as the container image runs it. */
export interface Service {
  readonly name: string;
  readonly process: ChildProcess;
  readonly management: string;
  readonly output: () => string;
}

export interface Answer {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly patch?: string;
  readonly warnings?: readonly string[];
}

/** Gateway, verifiers and alerting as separate processes on a real Redis, started from dist/ as in production. */
export class System {
  readonly redis: PrivateRedis;
  readonly directory: string;
  readonly gatewayPort: number;
  readonly #services = new Map<string, Service>();
  /** PEM: what an API server trusts. */
  readonly ca: string;
  readonly #agent: Agent;

  private constructor(redis: PrivateRedis, directory: string, gatewayPort: number, ca: string) {
    this.redis = redis;
    this.directory = directory;
    this.gatewayPort = gatewayPort;
    this.ca = ca;
    this.#agent = new Agent({ keepAlive: true, ca });
  }

  /** Lays out files as the chart mounts them; starts nothing but Redis. */
  static async prepare(configuration: {
    values: string;
    alerting?: string;
    /** A way to an API server, for gateways and alerting. */
    kubeconfig?: string;
  }): Promise<System> {
    const directory = mkdtempSync(join(tmpdir(), 'connaisseur-system-'));
    const redis = await startPrivateRedis();
    for (const folder of ['config', 'alerts', 'secrets', 'certs', 'journal'])
      mkdirSync(join(directory, folder));
    writeFileSync(join(directory, 'config', 'config.yaml'), configuration.values);
    cpSync(join(ROOT, 'deploy', 'alert-templates'), join(directory, 'alerts', 'templates'), {
      recursive: true,
    });
    if (configuration.alerting !== undefined) {
      writeFileSync(join(directory, 'alerts', 'config.yaml'), configuration.alerting);
    }
    if (configuration.kubeconfig !== undefined) {
      writeFileSync(join(directory, 'kubeconfig'), configuration.kubeconfig);
    }
    const certificate = await makeOwnCertificate([], new Date());
    writeFileSync(join(directory, 'certs', 'tls.crt'), certificate.cert);
    writeFileSync(join(directory, 'certs', 'tls.key'), certificate.key);
    const keys = join(directory, 'keys');
    await runToEnd(['keys', keys]);
    return new System(redis, directory, await freePort(), certificate.ca);
  }

  /** Starts one service; resolves when its management port says ready. */
  async start(
    kind: 'gateway' | 'verifier' | 'alerting',
    name: string = kind,
    wrapper: readonly string[] = [],
  ): Promise<Service> {
    const port = await freePort();
    const place = (folder: string): string => join(this.directory, folder);
    const args = [
      kind,
      '--config',
      place('config/config.yaml'),
      '--alerts',
      place('alerts'),
      '--keys',
      place(`keys/${kind}`),
      '--management',
      `127.0.0.1:${port}`,
      '--redis-url',
      this.redis.url,
      '--cluster-id',
      'system-test',
      '--redis-certs',
      place('none'),
      ...(kind === 'alerting' ? [] : ['--secrets', place('secrets')]),
      ...(kind === 'gateway'
        ? [
            '--listen',
            `127.0.0.1:${this.gatewayPort}`,
            '--certs',
            place('certs'),
            '--journal',
            place('journal'),
          ]
        : []),
      ...(kind !== 'verifier' && existsSync(place('kubeconfig'))
        ? ['--kubeconfig', place('kubeconfig')]
        : []),
    ];
    const flags =
      kind === 'alerting' ? [] : ['--disallow-code-generation-from-strings', '--disable-proto=delete'];
    const [command = process.execPath, ...rest] = [...wrapper, process.execPath, ...flags, MAIN, ...args];
    const child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], POD_NAME: name, LOG_LEVEL: 'info', HOME: this.directory },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    const service: Service = {
      name,
      process: child,
      management: `http://127.0.0.1:${port}`,
      output: () => output,
    };
    this.#services.set(name, service);
    if (wrapper.length === 0) await this.#untilReady(service);
    else await this.until(() => output.includes('takes work'), `${name} takes work`);
    return service;
  }

  service(name: string): Service {
    const service = this.#services.get(name);
    if (service === undefined) throw new Error(`no service ${name}`);
    return service;
  }

  /** Ends a service with a signal; resolves when it is gone. */
  async kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { process: child } = this.service(name);
    this.#services.delete(name);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** Posts a Pod with these images to a webhook, as the API server would. */
  async review(images: string | readonly string[], options: ReviewOptions = {}): Promise<Answer> {
    const { phase = 'mutate', timeout = '10s' } = options;
    const body = JSON.stringify(podReview([images].flat(), options));
    const text = await this.post(`/${phase}?timeout=${timeout}`, body);
    return (JSON.parse(text.body) as { response: Answer }).response;
  }

  post(path: string, body: string): Promise<{ status: number; body: string }> {
    const options = {
      host: '127.0.0.1',
      port: this.gatewayPort,
      path,
      method: 'POST',
      agent: this.#agent,
      ca: this.ca,
    };
    return send(httpsRequest({ ...options, headers: { 'Content-Type': 'application/json' } }), body);
  }

  /** Value of a metric of a service, summed over its labels that match; 0 where there is none. */
  async metric(service: string, name: string, labels = ''): Promise<number> {
    const { body } = await get(`${this.service(service).management}/metrics`);
    return body
      .split('\n')
      .filter((line) => line.startsWith(name) && line.includes(labels) && !line.startsWith('#'))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))
      .reduce((sum, value) => sum + value, 0);
  }

  async until(condition: () => boolean | Promise<boolean>, what: string, ms = START_MS): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      if (await condition()) return;
      await sleep(20);
    }
    throw new Error(
      `not within ${ms} ms: ${what}\n${[...this.#services.values()]
        .map(({ output }) => output())
        .join('\n')
        .slice(-4000)}`,
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#services.keys()].map((name) => this.kill(name)));
    this.#agent.destroy();
    await this.redis.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #untilReady({ name, management, process: child, output }: Service): Promise<void> {
    await this.until(async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output().slice(-2000)}`);
      return (await get(`${management}/ready`).catch(() => ({ status: 0 }))).status === 200;
    }, `${name} is ready`);
  }
}

export interface ReviewOptions {
  readonly phase?: 'mutate' | 'validate';
  readonly timeout?: string;
  readonly uid?: string;
  readonly dryRun?: boolean;
}

/** An AdmissionReview for a Pod with one container for each image. */
export function podReview(
  images: readonly string[],
  { uid = randomUUID(), dryRun = false }: ReviewOptions = {},
): object {
  const pod = { group: '', version: 'v1', kind: 'Pod' };
  const pods = { group: '', version: 'v1', resource: 'pods' };
  const containers = images.map((image, index) => ({ name: `c${index}`, image }));
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: pod,
      resource: pods,
      requestKind: pod,
      requestResource: pods,
      name: 'web',
      namespace: 'shop',
      operation: 'CREATE',
      dryRun,
      oldObject: null,
      userInfo: { username: 'developer', groups: ['system:authenticated'] },
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { containers },
      },
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

/** The operations of an answer's patch. */
export function patchOf({ patch }: Answer): { op: string; path: string; value: string }[] {
  if (patch === undefined) return [];
  return JSON.parse(Buffer.from(patch, 'base64').toString()) as { op: string; path: string; value: string }[];
}

/** A configuration as the chart renders it: one cosign validator with one key, for one host. */
export function renderedConfiguration(options: {
  host: string;
  publicKey: string;
  features?: string;
}): string {
  const pem = options.publicKey.trim().replaceAll('\n', '\n          ');
  return `validators:
  - name: deny
    type: static
    approve: false
  - name: allow
    type: static
    approve: true
  - name: team
    type: cosign
    trustRoots:
      - name: default
        key: |
          ${pem}
policy:
  - pattern: "*:*"
    validator: deny
  - pattern: "registry.k8s.io/pause:*"
    validator: allow
  - pattern: "${options.host}/*:*"
    validator: team
    with:
      verifyInTransparencyLog: false
${options.features ?? ''}`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('expected a port');
  return address.port;
}

/** Runs the binary to its end; rejects with its output where it fails. */
export async function runToEnd(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? -1)));
  return { code, stdout, stderr };
}

export async function get(url: string): Promise<{ status: number; body: string }> {
  return await send(httpRequest(url), undefined);
}

function send(
  call: ReturnType<typeof httpRequest>,
  body: string | undefined,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}
