import type { Configuration } from '#config';
import { DOCKER_HUB } from '#image-ref';

/** Where Docker Hub's one name leads. */
const HUB_HOSTS = [DOCKER_HUB, 'registry-1.docker.io', 'auth.docker.io', 'index.docker.io'];
const MAX_HOSTS = 200;

/**
 * The registry and notary hosts that a configuration names: what a metric's label may hold. Images name hosts too, but a label for
 * each of those would let anybody who may create a Pod fill our memory.
 */
export function namedHosts({ policy, registries, validators }: Configuration): ReadonlySet<string> {
  const servers = validators.flatMap((each) => (each.type === 'notaryv1' ? [new URL(each.host).host] : []));
  const hosts = [...HUB_HOSTS, ...servers, ...registries.map(({ host }) => host), ...patternHosts(policy)];
  return new Set(hosts.slice(0, MAX_HOSTS));
}

/** The hosts that patterns name without a wildcard: the operator means these and no others. */
export function patternHosts(policy: Configuration['policy']): ReadonlySet<string> {
  return new Set(policy.flatMap(({ pattern }) => hostOf(pattern)));
}

/** The first part of a pattern where it is a host without wildcards. */
function hostOf(pattern: string): string[] {
  const [first = '', ...rest] = pattern.split('/');
  const isHost = rest.length > 0 && /^[A-Za-z0-9.:[\]-]+$/.test(first) && /[.:]|^localhost$/.test(first);
  return isHost ? [first.toLowerCase()] : [];
}
