import type { KubernetesWire } from '#kubernetes';

import type { Json } from './virtual-cluster-merge.js';
import type { VirtualCluster } from './virtual-cluster.js';

/** The wire of an API that talks to this cluster without a network. */
export function wireTo(cluster: VirtualCluster): KubernetesWire {
  return {
    send: (request, signal) => {
      const { status, body } = cluster.handle(request, signal);
      return Promise.resolve({ status, body: bytes(body), close: () => undefined });
    },
    renewIdentity: () => undefined,
    close: () => undefined,
  };
}

/** JSON, or one line of it for each event. */
async function* bytes(body: Json | AsyncIterable<Json>): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(Symbol.asyncIterator in body)) yield Buffer.from(JSON.stringify(body));
  else for await (const event of body) yield Buffer.from(`${JSON.stringify(event)}\n`);
}
