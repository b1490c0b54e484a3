import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { text } from 'node:stream/consumers';

import { TestAuthority } from '#testing';

import type { Json } from './node/cluster-api.js';

/**
 * A mutating webhook of somebody else for pods of one namespace: what it adds is a JSON patch, as a service mesh would add
 * its sidecar. The API server asks webhooks by the names of their configurations, in order.
 */
export class Injector {
  readonly #authority = new TestAuthority();
  readonly #server: Server;
  readonly #name: string;
  /** How often it was asked. */
  calls = 0;
  /** What is done to each pod that is created. */
  patch: (pod: Json) => Json[] = () => [];

  private constructor(name: string, host: string) {
    this.#name = name;
    this.#server = createServer(this.#authority.issue([host]), (request, response) => {
      void text(request).then((body) => {
        this.calls += 1;
        const { uid, object } = JSON.parse(body).request;
        const patch = Buffer.from(JSON.stringify(this.patch(object))).toString('base64');
        const answer = { uid, allowed: true, patchType: 'JSONPatch', patch };
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
        );
      });
    });
  }

  /** With a certificate for `host` of an authority of its own. */
  static async start(name: string, host = '127.0.0.1'): Promise<Injector> {
    const injector = new Injector(name, host);
    injector.#server.listen(0, '127.0.0.1');
    await once(injector.#server, 'listening');
    return injector;
  }

  /** Of 127.0.0.1. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the injector does not listen');
    return address.port;
  }

  /** For pods that are created in this namespace. */
  configuration(namespace: string): Json {
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: this.#name },
      webhooks: [
        {
          name: `${this.#name}.mesh.example`,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          clientConfig: {
            url: `https://127.0.0.1:${this.port}/`,
            caBundle: Buffer.from(this.#authority.pem).toString('base64'),
          },
        },
      ],
    };
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
