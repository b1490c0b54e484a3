import { appendFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { ControlPlane } from '../../interop/world/index.js';
import { ClusterApi, type Json } from './cluster-api.js';
import { HostPod } from './host-pod.js';

/** Pods with this label are ours; kwok plays all others. */
const OURS = 'app.kubernetes.io/part-of=connaisseur-ts';
const POLL_MS = 150;
/** How long a pod that was deleted still answers: endpoints forget it meanwhile. */
const GRACE_MS = 500;

/**
 * The kubelet, the DNS and the service proxy of the chart's pods: runs each as a process on this machine, with its own
 * arguments, mounts, environment and service account's token and an address of its own in 127.0.0.0/8, and tells the API
 * server how it goes. Jobs really run, readiness is what the probe says, `helm --wait` waits for it.
 */
export class HostNode {
  readonly #plane: ControlPlane;
  readonly #api: ClusterApi;
  readonly #folder: string;
  readonly #names: string;
  /** Names outside the cluster: registries. */
  readonly #outside = new Map<string, string>();
  readonly #pods = new Map<string, HostPod>();
  /** What was there and is gone, newest last: their logs tell why a Job failed. */
  readonly #gone: HostPod[] = [];
  readonly #network = `127.${randomByte()}.${randomByte()}`;
  readonly #loop: Promise<void>;
  #table = '';
  #routed = '';
  #serial = 0;
  #isStopped = false;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#api = new ClusterApi(plane.kubeconfig);
    this.#folder = join(plane.folder, 'pods');
    this.#names = join(this.#folder, 'names.json');
    mkdirSync(this.#folder, { recursive: true });
    this.#writeNames([], []);
    this.#loop = this.#run();
  }

  /** Makes `name:port` lead to `address:port` for all pods. */
  lead(name: string, target: string): void {
    this.#outside.set(name, target);
    this.#table = '';
  }

  /** The pods of a component that run now. */
  podsOf(component: string): readonly HostPod[] {
    return [...this.#pods.values()].filter(({ pod }) => componentOf(pod) === component);
  }

  /** The ends of the logs of all pods, also of those that ended. */
  logs(lines = 15): string {
    const all = [...this.#gone.slice(-4), ...this.#pods.values()];
    return all.map((pod) => `--- ${pod.name}\n${pod.log(lines)}`).join('\n');
  }

  /** What a component's pods have said so far, those that are gone included. */
  output(component: string): string {
    return [...this.#gone, ...this.#pods.values()]
      .filter(({ pod }) => componentOf(pod) === component)
      .map((pod) => pod.log(10_000))
      .join('\n');
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    await Promise.all([...this.#pods.values()].map((pod) => pod.stop('SIGKILL')));
    this.#api.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#look();
      } catch (error) {
        this.#note(error);
      }
      await pause(POLL_MS);
    }
  }

  async #look(): Promise<void> {
    const list = await this.#api.get(`/api/v1/pods?labelSelector=${encodeURIComponent(OURS)}`);
    const live: Json[] = list.items.filter(
      ({ metadata, spec }: Json) => metadata.deletionTimestamp === undefined && spec.nodeName,
    );
    const uids = new Set<string>(live.map(({ metadata }) => metadata.uid));
    for (const pod of live)
      if (!this.#pods.has(pod.metadata.uid) && pod.status.phase === 'Pending') this.#add(pod);
    const leaving = [...this.#pods].filter(([uid]) => !uids.has(uid));
    for (const [uid, pod] of leaving) {
      this.#pods.delete(uid);
      this.#gone.push(pod);
    }
    await Promise.all(
      [...this.#pods.values()].map(
        async (pod) => await pod.look().catch((error: unknown) => this.#note(error)),
      ),
    );
    await this.#connect();
    for (const [, pod] of leaving) void pause(GRACE_MS).then(() => pod.stop());
  }

  #add(pod: Json): void {
    this.#serial += 1;
    const place = {
      folder: this.#folder,
      address: `${this.#network}.${this.#serial}`,
      project: PROJECT,
      names: this.#names,
      server: this.#plane.server,
      caPem: this.#plane.caPem,
    };
    this.#pods.set(pod.metadata.uid, new HostPod(this.#api, pod, place));
  }

  /** Services lead to the newest pod that is ready. */
  async #connect(): Promise<void> {
    const services: Json[] = (
      await this.#api.get(`/api/v1/services?labelSelector=${encodeURIComponent(OURS)}`)
    ).items;
    const routes = services.flatMap((service) => {
      const pod = this.#targetOf(service);
      return pod === undefined ? [] : [{ service, pod }];
    });
    this.#writeNames(services, routes);
    const webhook = routes.find(({ service }) => service.metadata.name === 'connaisseur-svc');
    if (webhook === undefined) return;
    const { namespace, name, uid } = webhook.service.metadata;
    const state = `${uid} ${webhook.pod.address}`;
    if (state === this.#routed) return;
    await this.#plane.routeService(namespace, name, 5000, { host: webhook.pod.address });
    this.#routed = state;
  }

  #targetOf({ metadata, spec }: Json): HostPod | undefined {
    const selects = ({ pod }: HostPod): boolean =>
      pod.metadata.namespace === metadata.namespace &&
      Object.entries(spec.selector ?? {}).every(([key, value]) => pod.metadata.labels[key] === value);
    return [...this.#pods.values()].findLast((pod) => pod.isReady && selects(pod));
  }

  #writeNames(services: readonly Json[], routes: readonly { service: Json; pod: HostPod }[]): void {
    const names = new Map(this.#outside);
    for (const { service, pod } of routes) {
      const { name, namespace } = service.metadata;
      for (const { port, targetPort } of service.spec.ports) {
        const to =
          pod.pod.spec.containers[0].ports.find((known: Json) => known.name === targetPort)?.containerPort ??
          targetPort;
        for (const host of [`${name}.${namespace}.svc`, `${name}.${namespace}`, name])
          names.set(`${host}:${port}`, `${pod.address}:${to}`);
      }
    }
    void services;
    const table = JSON.stringify(Object.fromEntries(names));
    if (table === this.#table) return;
    writeFileSync(`${this.#names}.new`, table);
    renameSync(`${this.#names}.new`, this.#names);
    this.#table = table;
  }

  #note(error: unknown): void {
    if (!this.#isStopped)
      appendFileSync(
        join(this.#folder, 'node.log'),
        `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
  }
}

/** The project's folder, from source and from `dist/`. */
export const PROJECT = projectFolder(import.meta.dirname);

function projectFolder(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : projectFolder(dirname(from));
}

function componentOf(pod: Json): string {
  return pod.metadata.labels['app.kubernetes.io/component'];
}

function randomByte(): number {
  return 1 + Math.floor(Math.random() * 253);
}
