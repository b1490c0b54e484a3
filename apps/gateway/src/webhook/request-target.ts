/** admissionregistration.k8s.io/v1: `timeoutSeconds` is 10 by default and 30 at most. */
const DEFAULT_TIMEOUT_MS = 10_000;
export const MAX_TIMEOUT_MS = 30_000;

/** `timeout=10s` as the API server sends it (Go's duration text); ms. Anything else is the default. */
export function parseTimeout(query: string): number {
  const match = /(?:^|&)timeout=(\d{1,6})(ms|s)(?:&|$)/.exec(query);
  if (match === null) return DEFAULT_TIMEOUT_MS;
  const ms = Number(match[1]) * (match[2] === 's' ? 1000 : 1);
  return ms === 0 ? DEFAULT_TIMEOUT_MS : Math.min(ms, MAX_TIMEOUT_MS);
}

/** Path and query of a request line. */
export function splitTarget(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}
