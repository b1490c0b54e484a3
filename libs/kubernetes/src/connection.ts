import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:http';
import { Agent } from 'node:https';
import { isIPv6 } from 'node:net';

import { KubernetesError } from './error.js';
import type { ApiConnection } from './https-wire.js';

/** Where Kubernetes mounts a pod's identity. */
export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface ConnectionChoice {
  /** A kubeconfig file; else a pod's service account; else KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly serviceAccountDirectory?: string | undefined;
}

/** True in a pod that has a service account's token. */
export function isInCluster(
  env: Readonly<Record<string, string | undefined>>,
  directory = SERVICE_ACCOUNT_DIRECTORY,
): boolean {
  return env['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(`${directory}/token`);
}

/** Finds the API server and our identity there; throws {@link KubernetesError} `invalid` where nothing names one. */
export async function connect(choice: ConnectionChoice): Promise<ApiConnection> {
  const directory = choice.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY;
  if (choice.kubeconfig === undefined && choice.context === undefined && isInCluster(choice.env, directory)) {
    return podConnection(choice.env, directory);
  }
  return kubeconfigConnection(choice);
}

/**
 * A pod's own identity. Token and CA are read again each minute: bound tokens live an hour. Of the package only the
 * authenticator is loaded here: its whole index costs half a second and 85 MB, which a gateway must not pay.
 */
async function podConnection(env: ConnectionChoice['env'], directory: string): Promise<ApiConnection> {
  const { FileAuth } = await import('@kubernetes/client-node/dist/file_auth.js');
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const user = {
    name: 'pod',
    authProvider: { name: 'tokenFile', config: { tokenFile: `${directory}/token` } },
  };
  let auth = new FileAuth();
  let trusted = { ca: '', agent: new Agent() };
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    namespace: readIfThere(`${directory}/namespace`),
    requestOptions: async () => {
      const options: RequestOptions = { headers: {} };
      await auth.applyAuthentication(user, options);
      const ca = readFileSync(`${directory}/ca.crt`, 'utf8');
      if (ca !== trusted.ca) {
        trusted.agent.destroy();
        trusted = { ca, agent: keptAlive(ca) };
      }
      return { ...options, agent: trusted.agent };
    },
    renewIdentity: () => {
      auth = new FileAuth();
    },
    close: () => trusted.agent.destroy(),
  };
}

/** Whatever a kubeconfig may say (client certificates, exec, OIDC, proxies) is the package's matter. */
async function kubeconfigConnection({ kubeconfig, context, env }: ConnectionChoice): Promise<ApiConnection> {
  const file = kubeconfig ?? env['KUBECONFIG']?.split(':').find((name) => name !== '');
  const path = file ?? `${env['HOME'] ?? ''}/.kube/config`;
  if (!existsSync(path)) {
    throw new KubernetesError(
      'invalid',
      `expected a kubeconfig at ${path}, got nothing: give --kubeconfig, set KUBECONFIG, or run in a pod with a service account`,
    );
  }
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined && env['KUBECONFIG'] !== undefined) config.loadFromDefault();
    else config.loadFromFile(path);
    if (context !== undefined) config.setCurrentContext(context);
  } catch (cause) {
    throw new KubernetesError('invalid', `expected a kubeconfig in ${path}, got something else`, { cause });
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || !URL.canParse(server)) {
    throw new KubernetesError(
      'invalid',
      `expected the context ${JSON.stringify(config.getCurrentContext())} with a cluster in ${path}, got none: see kubectl config get-contexts`,
    );
  }
  let agent: RequestOptions['agent'];
  return {
    server: new URL(server),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    requestOptions: async () => {
      const options: RequestOptions = { headers: {} };
      await config.applyToHTTPSOptions(options);
      agent = options.agent;
      return options;
    },
    renewIdentity: () => undefined,
    close: () => {
      if (typeof agent === 'object') agent.destroy();
    },
  };
}

function keptAlive(ca: string): Agent {
  return new Agent({ ca, keepAlive: true, maxSockets: 16, minVersion: 'TLSv1.2' });
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
