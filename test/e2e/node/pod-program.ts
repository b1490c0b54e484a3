import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterApi, Json } from './cluster-api.js';

/** Places in the image and in mounts: they lie under the pod's folder on this machine. */
const PLACES = ['/app', '/data', '/tmp'];
const NODE = '/nodejs/bin/node';

export interface PodProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface ProgramPlace {
  /** Of the pod's files. */
  readonly root: string;
  /** Loopback address that is the pod's own. */
  readonly address: string;
  /** Of the project. */
  readonly project: string;
  /** With the token of the service account, where the pod has one. */
  readonly kubeconfig: string | undefined;
  /** Of the table of names. */
  readonly names: string;
}

/** What the pod's container runs: its own command, arguments and environment, with places and addresses of this machine. */
export async function programOf(api: ClusterApi, pod: Json, place: ProgramPlace): Promise<PodProgram> {
  const [container] = pod.spec.containers;
  const args: string[] = (container.args ?? []).map((arg: string) => onHost(arg, place.root));
  const env = { ...(await environmentOf(api, pod, container)), ...placesAsEnvironment(place) };
  if (container.command === undefined) {
    const main = join(place.project, 'dist/apps/cli/src/main.js');
    return {
      file: process.execPath,
      args: [...nodeFlags(args[0]), main, ...args],
      env: withPreload(env, place),
    };
  }
  const [program, ...rest] = container.command as string[];
  // These take no places from the environment.
  for (const file of rest.filter((arg) => arg.startsWith('/app/')))
    rewrite(join(place.root, file), place.root);
  const words = rest.map((word) => onHost(word, place.root));
  if (program === NODE)
    return { file: process.execPath, args: [...words, ...args], env: withPreload(env, place) };
  return { file: program ?? '', args: [...words, '--bind', place.address, ...args], env };
}

/** A path of the container, on this machine. */
export function onHost(path: string, root: string): string {
  return PLACES.some((known) => path === known || path.startsWith(`${known}/`)) ? join(root, path) : path;
}

/** As the image's entry point has it. */
function nodeFlags(command: string | undefined): readonly string[] {
  return command === 'gateway' || command === 'verifier'
    ? ['--disallow-code-generation-from-strings', '--disable-proto=delete']
    : [];
}

async function environmentOf(api: ClusterApi, pod: Json, container: Json): Promise<Record<string, string>> {
  const secret = async (name: string): Promise<Record<string, string>> => {
    const found = await api.get(`/api/v1/namespaces/${pod.metadata.namespace}/secrets/${name}`);
    const entries = Object.entries<string>(found?.data ?? {});
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
  };
  const result: Record<string, string> = {};
  for (const { secretRef } of container.envFrom ?? []) Object.assign(result, await secret(secretRef.name));
  for (const { name, value, valueFrom } of container.env ?? []) {
    const ref = valueFrom?.secretKeyRef;
    const found = ref === undefined ? (value ?? pod.metadata.name) : (await secret(ref.name))[ref.key];
    if (found !== undefined) result[name] = found;
  }
  return result;
}

/** The defaults of the flags, on this machine: the arguments stay what the chart says. */
function placesAsEnvironment({ root, address, kubeconfig, names }: ProgramPlace): Record<string, string> {
  const app = (path: string): string => join(root, 'app', path);
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: root,
    TMPDIR: join(root, 'tmp'),
    CLUSTER_NAMES: names,
    CONNAISSEUR_CONFIG: app('config/config.yaml'),
    CONNAISSEUR_ALERTS: app('alerts'),
    CONNAISSEUR_SECRETS: app('secrets'),
    CONNAISSEUR_CERTS: app('certs'),
    CONNAISSEUR_KEYS: app('keys'),
    CONNAISSEUR_REDIS_CERTS: app('redis-certs'),
    CONNAISSEUR_REDIS_URL_FILE: app('redis/url'),
    CONNAISSEUR_JOURNAL: app('journal'),
    CONNAISSEUR_LISTEN: `${address}:5000`,
    CONNAISSEUR_MANAGEMENT: `${address}:5080`,
    ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig, CONNAISSEUR_KUBECONFIG: kubeconfig }),
  };
}

function withPreload(env: Record<string, string>, { project }: ProgramPlace): Record<string, string> {
  const preload = join(project, 'test/e2e/node/cluster-names.mjs');
  return { ...env, NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --import=${preload}`.trim() };
}

/** Paths of the container in a mounted file, and in its neighbours. */
function rewrite(file: string, root: string): void {
  const folder = join(file, '..');
  for (const name of readdirSync(folder).filter((entry) => !entry.startsWith('..'))) {
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replaceAll(/(?<![\w./-])\/(app|data)(?=\/|\s)/g, `${root}/$1`));
  }
}
