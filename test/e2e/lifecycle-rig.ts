// An installation on a real API server: RBAC as the chart renders it, commands as its Jobs run them, a gateway on the host.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { type CommandResult, type ControlPlane } from '../interop/world/index.js';

export const NAMESPACE = 'connaisseur';
const HELM = [
  'template',
  'connaisseur',
  'deploy/chart',
  '--namespace',
  NAMESPACE,
  '--kube-version',
  '1.34.4',
];
const RBAC_KINDS = /^(?:ServiceAccount|(?:Cluster)?Role(?:Binding)?)$/;

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly data?: Record<string, string>;
}

/** What is needed to run the chart's Jobs and its keeper from outside. */
export class LifecycleRig {
  readonly plane: ControlPlane;
  readonly settings: string;
  readonly webhooks: string;
  readonly #installer: string;
  readonly keeper: string;

  private constructor(
    plane: ControlPlane,
    files: { settings: string; webhooks: string; installer: string; keeper: string },
  ) {
    this.plane = plane;
    this.settings = files.settings;
    this.webhooks = files.webhooks;
    this.#installer = files.installer;
    this.keeper = files.keeper;
  }

  static async open(plane: ControlPlane): Promise<LifecycleRig> {
    const rendered = (await renderChart(plane)).filter(({ kind }) => kind !== 'CustomResourceDefinition');
    await plane.kubectl(['create', 'namespace', NAMESPACE]);
    const wanted = rendered.filter(
      ({ kind, metadata }) =>
        RBAC_KINDS.test(kind) || (kind === 'Service' && metadata.name === 'connaisseur-svc'),
    );
    await plane.kubectl(['apply', '-f', '-'], wanted.map((object) => JSON.stringify(object)).join('\n---\n'));
    const config = rendered.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'connaisseur-cluster',
    );
    const settings = join(plane.folder, 'cluster.yaml');
    const webhooks = join(plane.folder, 'webhooks.yaml');
    await writeFile(settings, config?.data?.['cluster.yaml'] ?? '');
    await writeFile(webhooks, config?.data?.['webhooks.yaml'] ?? '');
    const installer = await plane.kubeconfigFor('connaisseur-installer', NAMESPACE);
    const keeper = await plane.kubeconfigFor('connaisseur-keeper', NAMESPACE);
    return new LifecycleRig(plane, { settings, webhooks, installer, keeper });
  }

  /** A command of the chart's Jobs, as the installer's service account. */
  async installer(...args: string[]): Promise<CommandResult> {
    return await connaisseur([
      'cluster',
      ...args,
      '--settings',
      this.settings,
      '--kubeconfig',
      this.#installer,
    ]);
  }

  async secretVersions(): Promise<string> {
    const path = 'jsonpath={range .items[*]}{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
    return await this.plane.kubectl(['-n', NAMESPACE, 'get', 'secrets', '-o', path]);
  }

  async secretFile(secret: string, file: string): Promise<string> {
    const path = `jsonpath={.data.${file.replaceAll('.', '\\.')}}`;
    const text = await this.plane.kubectl(['-n', NAMESPACE, 'get', 'secret', secret, '-o', path]);
    return Buffer.from(text, 'base64').toString('utf8');
  }

  /** One configuration's first webhook. */
  async webhook(kind: 'mutating' | 'validating'): Promise<Record<string, unknown>> {
    const text = await this.plane.kubectl([
      'get',
      `${kind}webhookconfiguration`,
      'connaisseur-webhook',
      '-o',
      'json',
    ]);
    const { webhooks } = JSON.parse(text) as { webhooks: Record<string, unknown>[] };
    return webhooks[0] ?? {};
  }
}

/** Runs the built program. */
export async function connaisseur(args: readonly string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, ['apps/cli/bin/connaisseur.mjs', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => void (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (output.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, ...output };
}

/** A gateway that is ready and denies every review: so it shows whether it was asked. */
export class DenyingGateway {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(cert: string, key: string): Promise<DenyingGateway> {
    const server = createServer({ cert, key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url?.startsWith('/ready') === true) return response.end('{}');
        const review = JSON.parse(Buffer.concat(chunks).toString()) as { request: { uid: string } };
        const body = {
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: review.request.uid, allowed: false, status: { message: 'denied by the gateway' } },
        };
        return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('expected a port');
    return new DenyingGateway(server, address.port);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

async function renderChart(plane: ControlPlane): Promise<readonly Rendered[]> {
  return parseAllDocuments(await plane.helm(HELM))
    .map((document): unknown => document.toJS())
    .filter(
      (object): object is Rendered => typeof object === 'object' && object !== null && 'kind' in object,
    );
}
