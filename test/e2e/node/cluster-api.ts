import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

const Kubeconfig = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }) }),
  ]),
  users: z.tuple([
    z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }),
  ]),
});

// What the API server says; each caller knows what it asked for.
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

/** The API server as the administrator of a test's control plane, over one kept connection: kubectl would cost a process each time. */
export class ClusterApi {
  readonly #server: string;
  readonly #agent: Agent;

  constructor(kubeconfigFile: string) {
    const { clusters, users } = Kubeconfig.parse(JSON.parse(readFileSync(kubeconfigFile, 'utf8')));
    const decode = (value: string): string => Buffer.from(value, 'base64').toString();
    this.#server = clusters[0].cluster.server;
    this.#agent = new Agent({
      keepAlive: true,
      ca: decode(clusters[0].cluster['certificate-authority-data']),
      cert: decode(users[0].user['client-certificate-data']),
      key: decode(users[0].user['client-key-data']),
    });
  }

  /** The object or list at a path; `undefined` where there is none. */
  async get(path: string): Promise<Json> {
    return await this.#send('GET', path);
  }

  async patchStatus(path: string, status: unknown): Promise<void> {
    await this.#send('PATCH', `${path}/status`, { status }, 'application/strategic-merge-patch+json');
  }

  async create(path: string, body: unknown): Promise<Json> {
    return await this.#send('POST', path, body);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Json> {
    const call = request(new URL(path, this.#server), {
      method,
      agent: this.#agent,
      headers: { 'content-type': type },
      timeout: 10_000,
    });
    call.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(call, 'response');
    const answer = await text(response);
    if (response.statusCode === 404) return undefined;
    if (response.statusCode >= 300)
      throw new Error(`${method} ${path}: ${response.statusCode} ${answer.slice(0, 500)}`);
    return JSON.parse(answer);
  }
}
