import { connect, type ConnectionChoice } from './connection.js';
import { HttpsWire } from './https-wire.js';
import { KubernetesApi, type KubernetesApiOptions } from './kubernetes-api.js';

/** An API with the identity that a pod or a kubeconfig gives, and the namespace that goes with it. */
export interface OpenedApi {
  readonly api: KubernetesApi;
  readonly namespace: string | undefined;
  /** For messages: who is asked. */
  readonly server: string;
}

/** Opens the API that the environment names; throws {@link KubernetesError} `invalid` where it names none. */
export async function openKubernetesApi(
  choice: ConnectionChoice,
  limits: Omit<KubernetesApiOptions, 'wire'> = {},
): Promise<OpenedApi> {
  const connection = await connect(choice);
  const api = new KubernetesApi({ ...limits, wire: new HttpsWire(connection) });
  return { api, namespace: connection.namespace, server: connection.server.host };
}
