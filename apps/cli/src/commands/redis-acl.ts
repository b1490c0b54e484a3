import { REDIS_LIMITS, redisAclLines } from '#bus';

export interface RedisAclOptions {
  readonly cluster?: boolean;
  readonly limits?: boolean;
}

/** `connaisseur redis-acl`: lines for the ACL file, or with `limits` for the configuration, of a Redis that others run. */
export function redisAcl({ cluster = false, limits = false }: RedisAclOptions): void {
  const lines = limits
    ? Object.entries(REDIS_LIMITS).map(([name, value]) => `${name} ${value}`)
    : redisAclLines(cluster ? 'cluster' : 'single');
  process.stdout.write(`${lines.join('\n')}\n`);
}
