// Over 200 lines: the life of one pod as a process, in the order in which a kubelet goes through it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';

import { kubeconfigText, runCommand, tokenUser } from '../../interop/world/index.js';
import type { ClusterApi, Json } from './cluster-api.js';
import { NotMountable, PodFiles } from './pod-files.js';
import { onHost, programOf } from './pod-program.js';

const PROBE_MS = 3_000;
const TERM_MS = 5_000;
const MESSAGE_BYTES = 2_048;
const SETPRIV = '/usr/bin/setpriv';

export interface HostPodPlace {
  readonly folder: string;
  readonly address: string;
  readonly project: string;
  readonly names: string;
  readonly server: string;
  readonly caPem: string;
}

/** One pod: its files, its process, and what the API server is told about it. */
export class HostPod {
  readonly pod: Json;
  readonly address: string;
  readonly logFile: string;
  isReady = false;
  readonly #api: ClusterApi;
  readonly #place: HostPodPlace;
  readonly #files: PodFiles;
  #child: ChildProcess | undefined;
  #told = '';
  #isStopped = false;

  constructor(api: ClusterApi, pod: Json, place: HostPodPlace) {
    this.pod = pod;
    this.address = place.address;
    this.#api = api;
    this.#place = place;
    const folder = join(place.folder, `${pod.metadata.namespace}-${pod.metadata.name}`);
    this.logFile = join(folder, 'log');
    this.#files = new PodFiles(api, pod, join(folder, 'root'));
    for (const place of ['app', 'tmp']) mkdirSync(join(folder, 'root', place), { recursive: true });
    writeFileSync(this.logFile, '');
  }

  get name(): string {
    return `${this.pod.metadata.namespace}/${this.pod.metadata.name}`;
  }

  get root(): string {
    return this.#files.root;
  }

  /** The process, for a test that ends it as a crash would. */
  get process(): ChildProcess | undefined {
    return this.#child;
  }

  log(lines = 30): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Does what is to be done next: mount, start, probe, tell. Asked again and again. */
  async look(): Promise<void> {
    if (this.#isStopped) return;
    try {
      await this.#files.sync();
    } catch (error) {
      if (!(error instanceof NotMountable)) throw error;
      if (this.#child === undefined)
        await this.#tell('Pending', { waiting: { reason: 'ContainerCreating', message: error.message } });
      return;
    }
    if (this.#child === undefined) await this.#start();
    const code = this.#exitCode();
    if (code !== undefined) return await this.#ended(code);
    this.isReady = await this.#probe();
    await this.#tell('Running', { running: {} });
  }

  /** SIGTERM, as a kubelet; killed when that is not enough. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#isStopped = true;
    this.isReady = false;
    const child = this.#child;
    if (child === undefined || this.#exitCode() !== undefined) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const impatience = setTimeout(() => void child.kill('SIGKILL'), TERM_MS);
    await ended;
    clearTimeout(impatience);
  }

  async #start(): Promise<void> {
    const kubeconfig = this.#files.hasToken ? await this.#writeKubeconfig() : undefined;
    const { project, names, address } = this.#place;
    const program = await programOf(this.#api, this.pod, {
      root: this.root,
      address,
      project,
      names,
      kubeconfig,
    });
    if (this.#isStopped) return;
    const log = openSync(this.logFile, 'a');
    const line = [program.file, ...program.args];
    const [file = program.file, ...args] = existsSync(SETPRIV)
      ? [SETPRIV, '--pdeathsig', 'SIGKILL', '--', ...line]
      : line;
    const child = spawn(file, args, { stdio: ['ignore', log, log], env: program.env, cwd: this.root });
    child.once('error', () => undefined);
    closeSync(log);
    this.#child = child;
  }

  /** A token bound to this pod, as it gets one. */
  async #writeKubeconfig(): Promise<string> {
    const { metadata, spec } = this.pod;
    const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${spec.serviceAccountName}/token`;
    const answer = await this.#api.create(path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid } },
    });
    const { server, caPem } = this.#place;
    const file = join(this.root, 'kubeconfig');
    const user = tokenUser(answer.status.token);
    writeFileSync(file, kubeconfigText({ server, caPem, user, namespace: metadata.namespace }), {
      mode: 0o600,
    });
    return file;
  }

  #exitCode(): number | undefined {
    const child = this.#child;
    if (child === undefined) return undefined;
    return child.signalCode === null ? (child.exitCode ?? undefined) : 137;
  }

  /** A pod of a Job has its end; another one's container is started again. */
  async #ended(code: number): Promise<void> {
    this.isReady = false;
    if (this.pod.spec.restartPolicy === 'Always') {
      await this.#tell('Running', { waiting: { reason: 'CrashLoopBackOff' } });
      this.#child = undefined;
      return;
    }
    const message = this.log().slice(-MESSAGE_BYTES);
    await this.#tell(code === 0 ? 'Succeeded' : 'Failed', { terminated: { exitCode: code, message } });
  }

  async #probe(): Promise<boolean> {
    const [container] = this.pod.spec.containers;
    const { httpGet, exec } = container.readinessProbe ?? {};
    if (httpGet !== undefined) return await this.#answers(httpGet, container.ports ?? []);
    if (exec === undefined) return true;
    const [program, ...args] = exec.command as string[];
    const words = args.map((arg) =>
      arg
        .replaceAll(/\/app\/[\w./-]+/g, (path) => onHost(path, this.root))
        .replaceAll('127.0.0.1', this.address),
    );
    return (
      (await runCommand(program ?? '', words, { env: { PATH: process.env['PATH'] }, seconds: 5 })).code === 0
    );
  }

  async #answers({ path, port, scheme }: Json, ports: Json[]): Promise<boolean> {
    const number = ports.find(({ name }) => name === port)?.containerPort ?? port;
    const options = { host: this.address, port: number, path, timeout: PROBE_MS, agent: false };
    // A kubelet's probe looks at no certificate.
    const call =
      scheme === 'HTTPS' ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    call.on('timeout', () => call.destroy());
    call.end();
    try {
      const [response] = await once(call, 'response');
      response.resume();
      return response.statusCode < 400;
    } catch {
      return false;
    }
  }

  /** Says it once. */
  async #tell(phase: string, state: Json): Promise<void> {
    const said = JSON.stringify([phase, state, this.isReady]);
    if (said === this.#told) return;
    const [container] = this.pod.spec.containers;
    const { namespace, name } = this.pod.metadata;
    const now = new Date().toISOString();
    const isOver = phase === 'Succeeded' || phase === 'Failed';
    const full = state.running === undefined ? state : { running: { startedAt: now } };
    if (state.terminated !== undefined)
      Object.assign(full.terminated, {
        startedAt: now,
        finishedAt: now,
        reason: state.terminated.exitCode === 0 ? 'Completed' : 'Error',
      });
    const condition = (type: string, isTrue: boolean): Json => ({
      type,
      status: isTrue ? 'True' : 'False',
      lastTransitionTime: now,
    });
    await this.#api.patchStatus(`/api/v1/namespaces/${namespace}/pods/${name}`, {
      phase,
      startTime: now,
      hostIP: '10.0.1.1',
      podIP: this.address,
      podIPs: [{ ip: this.address }],
      conditions: [
        condition('Initialized', true),
        condition('Ready', this.isReady && !isOver),
        condition('ContainersReady', this.isReady && !isOver),
      ],
      containerStatuses: [
        {
          name: container.name,
          image: container.image,
          imageID: '',
          ready: this.isReady && !isOver,
          started: state.running !== undefined,
          restartCount: 0,
          state: full,
        },
      ],
    });
    this.#told = said;
  }
}
