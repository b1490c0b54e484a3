import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  type CommandResult,
  type ControlPlane,
  type Minor,
  startControlPlane,
} from '../interop/world/index.js';
import { Images } from './images.js';
import { HostNode, PROJECT } from './node/host-node.js';
import type { Json } from './node/cluster-api.js';

export const CHART = join(PROJECT, 'deploy/chart');
export const NAMESPACE = 'connaisseur';
/** Upstream's quick start. */
const INSTALL = ['install', 'connaisseur', CHART, '--atomic', '--create-namespace', '--namespace', NAMESPACE];

/** Values of an installation; merged key by key, lists replaced. */
export type Values = { readonly [key: string]: Json };

/** A control plane, this machine as the node of the chart's pods, and a registry that answers for Docker Hub. */
export class Cluster implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly node: HostNode;
  readonly images: Images;
  #serial = 0;

  private constructor(plane: ControlPlane, images: Images) {
    this.plane = plane;
    this.images = images;
    this.node = new HostNode(plane);
    this.node.lead(images.route.name, images.route.target);
  }

  /** Resolves when something can be installed; `extraApiServerFlags` come after those of every API server here. */
  static async start(minor: Minor = '1.34', extraApiServerFlags: readonly string[] = []): Promise<Cluster> {
    const images = await Images.start();
    const podsOfOthers = { key: 'app.kubernetes.io/part-of', value: 'connaisseur-ts' };
    return new Cluster(await startControlPlane({ minor, podsOfOthers, extraApiServerFlags }), images);
  }

  /** `helm install` of the quick start; throws with the logs of all pods where it fails. */
  async install(values: Values = {}): Promise<void> {
    const result = await this.tryInstall(values);
    if (result.code !== 0) throw new Error(`helm install: ${result.stderr}\n${this.node.logs()}`);
  }

  /** The same, for what is expected to fail; `args` come after it. */
  async tryInstall(values: Values = {}, args: readonly string[] = []): Promise<CommandResult> {
    return await this.plane.tryHelm([
      ...INSTALL,
      '--values',
      this.valuesFile(values),
      '--timeout=60s',
      ...args,
    ]);
  }

  /** `helm upgrade` with these values in place of the earlier ones. */
  async tryUpgrade(values: Values = {}): Promise<CommandResult> {
    const file = this.valuesFile(values);
    return await this.plane.tryHelm([
      'upgrade',
      'connaisseur',
      CHART,
      '--namespace',
      NAMESPACE,
      '--values',
      file,
      '--wait',
      '--timeout=60s',
    ]);
  }

  /** Our values with others over them, as a file. */
  valuesFile(values: Values): string {
    const file = join(this.plane.folder, `values-${(this.#serial += 1)}.yaml`);
    writeFileSync(file, JSON.stringify(merged(this.values(), values), undefined, 2));
    return file;
  }

  /** Chart defaults with a key of ours in place of the one that signs upstream's images, and one replica of each. */
  values(): Values {
    const one = { replicasCount: 1 };
    return {
      kubernetes: { deployment: { ...one, preStopSeconds: 1 }, verifier: one, alerting: one },
      application: {
        registries: [{ host: 'docker.io', cert: this.images.authority }],
        validators: [
          { name: 'allow', type: 'static', approve: true },
          { name: 'deny', type: 'static', approve: false },
          { name: 'dockerhub', type: 'cosign', trustRoots: [{ name: 'sse', key: this.images.publicKey }] },
        ],
        policy: [
          { pattern: '*:*', validator: 'deny' },
          { pattern: 'registry.k8s.io/*:*', validator: 'allow' },
          {
            pattern: 'docker.io/securesystemsengineering/*:*',
            validator: 'dockerhub',
            with: { trustRoot: 'sse', verifyInTransparencyLog: false },
          },
        ],
      },
    };
  }

  /** An object of the cluster; `undefined` where there is none. */
  async get(kind: string, name: string, namespace?: string): Promise<Json> {
    const place = namespace === undefined ? [] : ['--namespace', namespace];
    const { code, stdout } = await this.plane.tryKubectl(['get', kind, name, ...place, '-o', 'json']);
    return code === 0 ? JSON.parse(stdout) : undefined;
  }

  /** The value of a path of `kubectl -o jsonpath`. */
  async read(path: string, ...args: string[]): Promise<string> {
    return await this.plane.kubectl(['get', ...args, '-o', `jsonpath=${path}`]);
  }

  /** Creates an object; a refusal is a result. */
  async create(object: unknown, ...args: string[]): Promise<CommandResult> {
    return await this.plane.tryKubectl(['create', '-f', '-', ...args], JSON.stringify(object));
  }

  async waitFor<T>(what: string, probe: () => Promise<T | undefined | false>, seconds = 30): Promise<T> {
    return await this.plane.waitFor(what, probe, {
      seconds,
      context: () => `${this.node.logs()}\n${this.plane.logs()}`,
    });
  }

  async stop(): Promise<void> {
    await this.node.stop();
    await this.plane.stop();
    await this.images[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function merged(base: Json, over: Json): Json {
  if (!isMap(base) || !isMap(over)) return over;
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(over)])].map((key) => [
      key,
      key in over ? (key in base ? merged(base[key], over[key]) : over[key]) : base[key],
    ]),
  );
}

function isMap(value: Json): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
