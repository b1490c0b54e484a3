import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe } from 'vitest';
import { parseAllDocuments } from 'yaml';

/** Where `test/interop/provision` puts finished tools; else what is on the PATH. */
function findHelm(): string | undefined {
  const { CONNAISSEUR_TOOLS, XDG_CACHE_HOME } = process.env;
  const cache = CONNAISSEUR_TOOLS ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'connaisseur-tools');
  const folders = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('helm-')) : [];
  const built = folders.map((name) => join(cache, name, 'helm')).find((path) => existsSync(path));
  if (built !== undefined) return built;
  return spawnSync('helm', ['version'], { stdio: 'ignore' }).status === 0 ? 'helm' : undefined;
}

const HELM = findHelm();
const CHART = 'deploy/chart';

/** With helm; without it skipped with the reason, and in CI a failure. */
export const describeWithHelm: typeof describe | typeof describe.skip =
  HELM === undefined && process.env['CI'] === undefined ? describe.skip : describe;
if (HELM === undefined) {
  const reason = 'helm is not there: node test/interop/provision.mjs --only helm builds it (needs Go)';
  if (process.env['CI'] !== undefined) throw new Error(reason);
  process.stdout.write(`skipped: ${reason}\n`);
}

// What a manifest or a values file is made of; tests look into it freely.
// oxlint-disable-next-line typescript/no-explicit-any
export type Yaml = any;

export interface RenderOptions {
  readonly values?: Yaml;
  readonly namespace?: string;
  readonly release?: string;
  readonly kubeVersion?: string;
  readonly chart?: string;
}

export interface Rendering {
  readonly ok: boolean;
  readonly text: string;
  readonly error: string;
}

const memory = new Map<string, Rendering>();

/** `helm template` with a values file; the same question is answered once. */
export function template(options: RenderOptions = {}): Rendering {
  const key = JSON.stringify(options);
  const known = memory.get(key);
  if (known !== undefined) return known;
  const rendering = templateAnew(options);
  memory.set(key, rendering);
  return rendering;
}

/** The same, run again whatever was asked before. */
export function templateAnew(options: RenderOptions = {}): Rendering {
  const { values = {}, namespace = 'connaisseur', release = 'connaisseur' } = options;
  return withFile('values.yaml', JSON.stringify(values), (file) =>
    helm([
      'template',
      release,
      options.chart ?? CHART,
      '--namespace',
      namespace,
      // helm built by `go install` takes the cluster for a Kubernetes of 2020.
      '--kube-version',
      options.kubeVersion ?? '1.34.4',
      '--values',
      file,
    ]),
  );
}

export function lint(values: Yaml): Rendering {
  return withFile('values.yaml', JSON.stringify(values), (file) =>
    helm([
      'lint',
      CHART,
      '--strict',
      '--kube-version',
      '1.34.4',
      '--namespace',
      'connaisseur',
      '--values',
      file,
    ]),
  );
}

/** Every object of a rendering; throws where it failed. */
export function objects(options: RenderOptions = {}): Yaml[] {
  const { ok, text, error } = template(options);
  if (!ok) throw new Error(error);
  return documents(text);
}

export function documents(text: string): Yaml[] {
  return parseAllDocuments(text, { uniqueKeys: true })
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })
    .filter((object) => object !== null);
}

/** The one object of a kind and name. */
export function one(all: readonly Yaml[], kind: string, name: string): Yaml {
  const found = all.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) throw new Error(`expected one ${kind} ${name}, got ${found.length}`);
  return found[0];
}

export function has(all: readonly Yaml[], kind: string, name: string): boolean {
  return all.some((object) => object.kind === kind && object.metadata.name === name);
}

/** Pods and what makes them, each with its pod template. */
export function pods(
  all: readonly Yaml[],
): { name: string; component: string; metadata: Yaml; spec: Yaml }[] {
  return all.flatMap((object) => {
    const template = object.kind === 'Pod' ? object : object.spec?.template;
    if (template?.spec?.containers === undefined) return [];
    const { metadata, spec } = template;
    const component = metadata.labels['app.kubernetes.io/component'];
    return [{ name: `${object.kind}/${object.metadata.name}`, component, metadata, spec }];
  });
}

/** Both webhook configurations, as `arm` gets them. */
export function webhooks(all: readonly Yaml[]): { mutating: Yaml; validating: Yaml } {
  const found = documents(one(all, 'ConfigMap', 'connaisseur-cluster').data['webhooks.yaml']);
  return {
    mutating: one(found, 'MutatingWebhookConfiguration', 'connaisseur-webhook'),
    validating: one(found, 'ValidatingWebhookConfiguration', 'connaisseur-webhook'),
  };
}

function helm(args: readonly string[]): Rendering {
  const { status, stdout, stderr } = spawnSync(HELM ?? 'helm', args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env['PATH'], HOME: tmpdir(), KUBECONFIG: '/dev/null' },
  });
  return { ok: status === 0, text: stdout, error: stderr };
}

function withFile<T>(name: string, text: string, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'chart-'));
  try {
    const file = join(folder, name);
    writeFileSync(file, text);
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
