import { createHash, randomBytes } from 'node:crypto';

import { generateBusKeys, keysOf, newKeyId, redisAclFile, type RedisComponent } from '#bus';
import { issueServing, makeAuthority } from '#certificates';
import type { KubernetesApi } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { InstallationError } from './error.js';
import { DAY_MS, LIVES } from './lives.js';
import { SECRETS, serviceNames } from './places.js';
import { assertInstallable, type Candidate } from './refusals.js';
import { type SecretFiles, SecretMaker } from './secrets.js';

export interface PrepareResult {
  readonly made: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Makes what must be there before the first pod: certificates, keys of the bus and users of Redis, one Secret for each
 * component. Refuses before anything is changed; what is there already is never changed, so that it may run twice or twice
 * at a time.
 */
export async function prepare(
  api: KubernetesApi,
  settings: ClusterSettings,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<PrepareResult> {
  await assertInstallable(api, settings, candidate, signal);
  const { now } = candidate;
  const secrets = new SecretMaker(api, settings, signal);
  await assertWhole(secrets, settings);
  const clusterId = await api.clusterId(signal);
  if (settings.certificates.source === 'self') await ensureServing(secrets, settings, now);
  const redis = settings.redis.bundled ? await ensureRedisTls(secrets, settings, now) : undefined;
  const bus = await ensureBus(secrets, settings, { clusterId, redisCa: redis?.get('ca.crt'), now });
  if (settings.redis.bundled) {
    const hashes = [...bus].map(
      ([component, files]) => [component, passwordHash(files.get('url') ?? '')] as const,
    );
    await secrets.ensure(
      SECRETS.redisAcl,
      'redis',
      () => new Map([['users.acl', redisAclFile(new Map(hashes))]]),
    );
  }
  return { made: secrets.made, kept: secrets.kept };
}

/**
 * Secrets that only fit one another, in the order in which they are made, each from the ones before: a part that is missing
 * before one that is there was deleted.
 */
function chainOf({ redis }: ClusterSettings): readonly string[] {
  const bus = (['verifier', 'gateway', 'alerting'] as const).map((component) => SECRETS.busOf(component));
  return redis.bundled ? [SECRETS.redisTls, ...bus, SECRETS.redisAcl] : bus;
}

async function assertWhole(secrets: SecretMaker, settings: ClusterSettings): Promise<void> {
  const chain = chainOf(settings);
  const missing: string[] = [];
  let hasLater = false;
  // The last first: somebody who makes them at this moment makes them in their order.
  for (const name of chain.toReversed()) {
    const isThere = (await secrets.find(name)) !== undefined;
    if (!isThere && hasLater) missing.push(name);
    hasLater ||= isThere;
  }
  if (missing.length === 0) return;
  throw new InstallationError(
    'keys',
    `expected ${chain.join(', ')} all or none, got none of ${missing.join(', ')}: restore it, or delete them all and start every pod anew afterwards`,
  );
}

async function ensureServing(secrets: SecretMaker, settings: ClusterSettings, now: Date): Promise<void> {
  const authority = await secrets.ensure(SECRETS.authority, 'keeper', async () => {
    const { cert, key } = await makeAuthority('Connaisseur CA', { now, lifetimeMs: LIVES.authorityMs });
    return new Map([
      ['ca.crt', cert],
      ['ca.key', key],
    ]);
  });
  const pair = { cert: authority.get('ca.crt') ?? '', key: authority.get('ca.key') ?? '' };
  const names = serviceNames(settings.service, settings.namespace);
  await secrets.ensure(SECRETS.serving, 'gateway', async () => {
    const { cert, key } = await issueServing(pair, names, { now, lifetimeMs: LIVES.servingMs });
    return new Map([
      ['tls.crt', cert],
      ['tls.key', key],
    ]);
  });
}

/**
 * Redis does not read its certificate again while it runs, and only our components ask it: an authority that signs this
 * one certificate and is forgotten, so that nothing can be made in its name, for ten years.
 */
async function ensureRedisTls(
  secrets: SecretMaker,
  settings: ClusterSettings,
  now: Date,
): Promise<SecretFiles> {
  return await secrets.ensure(SECRETS.redisTls, 'redis', async () => {
    const lifetime = { now, lifetimeMs: LIVES.redisMs };
    const authority = await makeAuthority('Connaisseur Redis CA', lifetime);
    const names = [...serviceNames(settings.redis.service, settings.namespace), 'localhost'];
    const { cert, key } = await issueServing(authority, names, {
      ...lifetime,
      lifetimeMs: LIVES.redisMs - DAY_MS,
    });
    return new Map([
      ['tls.crt', cert],
      ['tls.key', key],
      ['ca.crt', authority.cert],
    ]);
  });
}

interface BusParts {
  readonly clusterId: string;
  readonly redisCa: string | undefined;
  readonly now: Date;
}

/** Each from what is in the cluster, not from what we meant: two who prepare at a time end with one set of keys. */
async function ensureBus(
  secrets: SecretMaker,
  settings: ClusterSettings,
  { clusterId, redisCa, now }: BusParts,
): Promise<Map<RedisComponent, SecretFiles>> {
  const fresh = generateBusKeys(newKeyId(now));
  fresh.set('alerts.seal', `${randomBytes(32).toString('base64')}\n`);
  const known = new Map<string, string>();
  const result = new Map<RedisComponent, SecretFiles>();
  for (const component of ['verifier', 'gateway', 'alerting'] as const) {
    const make = (): SecretFiles => {
      // What an earlier component has, this one has too: and nothing of an id that it does not know.
      const all = known.size === 0 ? fresh : mergeKeys(known, fresh);
      const redis =
        redisCa === undefined
          ? []
          : [['url', redisUrl(settings, component)] as const, ['ca.crt', redisCa] as const];
      return new Map([...keysOf(component, all), ['cluster-id', `${clusterId}\n`], ...redis]);
    };
    const files = await secrets.ensure(SECRETS.busOf(component), component, make);
    for (const [name, text] of files) if (/\.(?:key|pub)$/.test(name)) known.set(name, text);
    result.set(component, files);
  }
  return result;
}

/** Shared kinds from the Secrets that are there; kinds that nobody has yet, new. */
function mergeKeys(known: SecretFiles, fresh: SecretFiles): SecretFiles {
  const kinds = new Set([...known.keys()].map(kindOf));
  return new Map([...known, ...[...fresh].filter(([name]) => !kinds.has(kindOf(name)))]);
}

/** `requests`, `verdicts` or `decisions`. */
function kindOf(name: string): string {
  return name.split('.')[1] ?? '';
}

function redisUrl({ redis, namespace }: ClusterSettings, component: RedisComponent): string {
  return `rediss://${component}:${randomBytes(24).toString('base64url')}@${redis.service}.${namespace}.svc:6379\n`;
}

function passwordHash(url: string): string {
  const password = /^rediss?:\/\/[^:]+:([^@]+)@/.exec(url)?.[1];
  if (password === undefined) {
    throw new InstallationError(
      'keys',
      'expected a user and a password in the Redis URL of a component, got none',
    );
  }
  return createHash('sha256').update(decodeURIComponent(password)).digest('hex');
}
