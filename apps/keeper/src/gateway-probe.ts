import { request } from 'node:https';

const TIMEOUT_MS = 3000;

/**
 * Asks `/ready` as the API server would ask: with the bundle that will be in the webhook configurations, and for the name of
 * the service. Undefined once it says yes, else why not.
 */
export async function probeGateway(
  url: URL,
  serverName: string,
  bundle: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  return await new Promise((resolve) => {
    const asked = request(
      new URL('/ready', url),
      { ca: bundle, servername: serverName, minVersion: 'TLSv1.2', agent: false, signal: bounded },
      (response) => {
        response.resume();
        resolve(
          response.statusCode === 200 ? undefined : `/ready answered ${response.statusCode ?? 'nothing'}`,
        );
      },
    );
    asked.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'no answer')).end();
  });
}
