// Over 200 lines: one control plane, from its certificates to its last process, read from top to bottom.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CommandResult, CommandError, runCommand } from './command.js';
import { makePlaneCredentials, type PlaneCredentials } from './credentials.js';
import {
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  kwokFlags,
  type PodLabel,
  schedulerFlags,
} from './flags.js';
import { certificateUser, kubeconfigText, tokenUser } from './kubeconfig.js';
import { FAKE_NODE } from './node.js';
import { freePort, ServerProcess } from './server-process.js';
import { type RouteOptions, ServiceRoutes } from './service-routes.js';
import { findPlaneTools, type Minor, type PlaneTools } from './tools.js';
import { waitFor, type WaitOptions } from './wait-for.js';

export interface ControlPlaneOptions {
  /** Minor of the API server; `1.34` unless told otherwise. */
  readonly minor?: Minor;
  /** The controller manager: Deployments make pods, namespaces get their service account, garbage is collected. */
  readonly withControllers?: boolean;
  /** The scheduler, one node, and kwok, which makes pods on it Running without running anything. */
  readonly withNodes?: boolean;
  readonly extraApiServerFlags?: readonly string[];
  /** Pods with this label are not kwok's: somebody else runs them and says their status. */
  readonly podsOfOthers?: PodLabel;
}

/**
 * A real Kubernetes control plane on loopback ports, with a certificate authority, kubeconfig and home folder of its own;
 * all of it is gone after `stop`, and when this process dies.
 */
export class ControlPlane implements AsyncDisposable {
  readonly minor: Minor;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** PEM of the authority that signed the API server's certificate, and the file that it is in. */
  readonly caPem: string;
  readonly caFile: string;
  /** The administrator's. */
  readonly kubeconfig: string;
  readonly folder: string;
  readonly #tools: PlaneTools;
  readonly #routes: ServiceRoutes;
  readonly #processes: ServerProcess[] = [];

  private constructor(parts: {
    minor: Minor;
    port: number;
    folder: string;
    tools: PlaneTools;
    credentials: PlaneCredentials;
  }) {
    this.minor = parts.minor;
    this.server = `https://127.0.0.1:${parts.port}`;
    this.folder = parts.folder;
    this.kubeconfig = join(parts.folder, 'admin.kubeconfig');
    this.caPem = parts.credentials.authorityPem;
    this.caFile = parts.credentials.authority;
    this.#tools = parts.tools;
    this.#routes = new ServiceRoutes(this);
  }

  /** Starts etcd, the API server and what else was asked for; resolves when pods can be created in `default`. */
  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const { minor = '1.34' } = options;
    const tools = findPlaneTools(minor, options);
    if ('reason' in tools) throw new Error(tools.reason);
    const folder = await mkdtemp(join(tmpdir(), 'control-plane-'));
    const credentials = await makePlaneCredentials(join(folder, 'pki'));
    const plane = new ControlPlane({ minor, port: await freePort(), folder, tools, credentials });
    try {
      await plane.#startAll(options, credentials);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** Runs kubectl as the administrator, or as whom `--kubeconfig` says; a refusal is a result and no error. */
  tryKubectl(args: readonly string[], stdin?: string): Promise<CommandResult> {
    return this.#run(this.#tools.kubectl, args, stdin);
  }

  /** Standard output of a kubectl that has to end well; a {@link CommandError} otherwise. */
  async kubectl(args: readonly string[], stdin?: string): Promise<string> {
    return outputOf(['kubectl', ...args], await this.tryKubectl(args, stdin));
  }

  tryHelm(args: readonly string[], stdin?: string): Promise<CommandResult> {
    return this.#run(this.#tools.helm, args, stdin);
  }

  /** Standard output of a helm that has to end well; a {@link CommandError} otherwise. */
  async helm(args: readonly string[], stdin?: string): Promise<string> {
    return outputOf(['helm', ...args], await this.tryHelm(args, stdin));
  }

  /** A token of a service account, as a pod of it would have. */
  async tokenOf(serviceAccount: string, namespace = 'default'): Promise<string> {
    return (await this.kubectl(['create', 'token', serviceAccount, '--namespace', namespace])).trim();
  }

  /** A kubeconfig file with such a token, whose context has the account's namespace. */
  async kubeconfigFor(serviceAccount: string, namespace = 'default'): Promise<string> {
    const file = join(this.folder, `${namespace}-${serviceAccount}.kubeconfig`);
    const user = tokenUser(await this.tokenOf(serviceAccount, namespace));
    await writeFile(file, kubeconfigText({ server: this.server, caPem: this.caPem, user, namespace }), {
      mode: 0o600,
    });
    return file;
  }

  /**
   * Makes a Service lead to a loopback port of this machine, for the API server's webhook calls: an EndpointSlice that names
   * an address of this machine, where what arrives is handed on. Names and certificates stay the Service's.
   */
  routeService(namespace: string, service: string, hostPort: number, options?: RouteOptions): Promise<void> {
    return this.#routes.route(namespace, service, hostPort, options);
  }

  /** The first value of `probe` that is there; with the ends of all logs when there is none in time. */
  waitFor<T>(
    what: string,
    probe: () => Promise<T | undefined | false>,
    options: WaitOptions = {},
  ): Promise<T> {
    return waitFor(what, probe, { context: () => this.logs(), ...options });
  }

  /** The last lines of every process. */
  logs(lines = 8): string {
    return this.#processes.map((process) => `--- ${process.name}\n${process.tail(lines)}`).join('\n');
  }

  /** Ends every process, newest first, and removes the folder. */
  async stop(): Promise<void> {
    await this.#routes.close();
    // Nothing in them is wanted any more, and an orderly end of an API server takes its watches' time.
    for (const process of this.#processes.toReversed()) await process.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #startAll(options: ControlPlaneOptions, credentials: PlaneCredentials): Promise<void> {
    const { withControllers = true, withNodes = true, extraApiServerFlags = [] } = options;
    await mkdir(join(this.folder, 'home'));
    await this.#writeKubeconfig(this.kubeconfig, 'admin', credentials, 'system:masters');
    const etcd = { client: await freePort(), peer: await freePort() };
    this.#spawn(this.#tools.etcd, etcdFlags(etcd, join(this.folder, 'etcd')));
    const port = Number(new URL(this.server).port);
    this.#spawn(this.#tools.apiServer, [
      ...apiServerFlags({ port, etcdPort: etcd.client, credentials }),
      ...extraApiServerFlags,
    ]);
    await this.#ready('API server', async () => (await this.kubectl(['get', '--raw', '/readyz'])) === 'ok');
    if (withControllers) await this.#startControllers(credentials);
    if (withNodes) await this.#startNodes(credentials, options.podsOfOthers);
    if (withControllers)
      await this.#ready('service account of namespace default', () => this.#has('serviceaccount/default'));
    if (withNodes) await this.#ready('node', () => this.#nodeIsReady());
  }

  async #startControllers(credentials: PlaneCredentials): Promise<void> {
    const kubeconfig = join(this.folder, 'controllers.kubeconfig');
    await this.#writeKubeconfig(kubeconfig, 'system:kube-controller-manager', credentials);
    this.#spawn(this.#tools.controllerManager, controllerManagerFlags(kubeconfig, credentials));
  }

  async #startNodes(credentials: PlaneCredentials, label?: PodLabel): Promise<void> {
    const kubeconfig = join(this.folder, 'scheduler.kubeconfig');
    await this.#writeKubeconfig(kubeconfig, 'system:kube-scheduler', credentials);
    this.#spawn(this.#tools.scheduler, schedulerFlags(kubeconfig));
    const nodes = join(this.folder, 'nodes.kubeconfig');
    await this.#writeKubeconfig(nodes, 'nodes', credentials, 'system:masters');
    const notPods = label === undefined ? undefined : { label, folder: this.folder };
    this.#spawn(this.#tools.kwok, await kwokFlags(nodes, this.#tools.kwokStages, notPods));
    await this.kubectl(['apply', '-f', '-'], JSON.stringify(FAKE_NODE));
  }

  async #writeKubeconfig(
    file: string,
    user: string,
    credentials: PlaneCredentials,
    group?: string,
  ): Promise<void> {
    const pair = await credentials.client(user, group);
    const text = kubeconfigText({
      server: this.server,
      caPem: this.caPem,
      user: certificateUser(await readFile(pair.cert, 'utf8'), await readFile(pair.key, 'utf8')),
    });
    await writeFile(file, text, { mode: 0o600 });
  }

  #spawn(program: string, args: readonly string[]): void {
    const log = join(this.folder, `${program.split('/').at(-1) ?? 'server'}.log`);
    this.#processes.push(new ServerProcess(program, args, log, this.#environment()));
  }

  /** Like `waitFor`, and gives up at once when a process has ended. */
  async #ready(what: string, probe: () => Promise<boolean>): Promise<void> {
    let ended: unknown;
    await this.waitFor(
      what,
      async () => {
        try {
          for (const process of this.#processes) process.assertRunning();
        } catch (error) {
          ended = error;
          return true;
        }
        return probe();
      },
      { seconds: 90 },
    );
    if (ended !== undefined) throw ended;
  }

  async #has(object: string): Promise<boolean> {
    return (await this.tryKubectl(['get', object])).code === 0;
  }

  async #nodeIsReady(): Promise<boolean> {
    const condition = '{.items[*].status.conditions[?(@.type=="Ready")].status}';
    return (await this.kubectl(['get', 'nodes', '-o', `jsonpath=${condition}`])) === 'True';
  }

  #run(program: string, args: readonly string[], stdin?: string): Promise<CommandResult> {
    return runCommand(program, args, { env: this.#environment(), ...(stdin === undefined ? {} : { stdin }) });
  }

  /** Nothing of the user's: no kubeconfig, no home, no proxy. */
  #environment(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: join(this.folder, 'home'), KUBECONFIG: this.kubeconfig };
  }
}

function outputOf(line: readonly string[], result: CommandResult): string {
  if (result.code !== 0) throw new CommandError(line, result);
  return result.stdout;
}

/** A running control plane of one test file: `await using plane = await startControlPlane()`. */
export function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  return ControlPlane.start(options);
}
