const CONNECTION = '+hello +auth +ping +info +time +client|setname';

/**
 * What each role must be allowed on the verification bus, as rules for `ACL SETUSER`: a gateway can ask and read its
 * answers, and cannot read requests, quarantine an image or run scripts; a verifier cannot ask.
 */
export const BUS_ACL = {
  gateway: `${CONNECTION} +xadd +xdel +blmpop +zrange +zcount %W~{connaisseur-bus}:requests ~{connaisseur-bus}:replies:* %R~{connaisseur-bus}:quarantine %R~{connaisseur-bus}:verifiers %R~{connaisseur-bus}:isolated`,
  verifier: `${CONNECTION} +multi +exec +xreadgroup +xgroup +xinfo|consumers +xack +xdel +xclaim +xautoclaim +rpush +pexpire +zadd +zrem +zrange +zcount +zremrangebyscore +zremrangebyrank +hset +hdel +hscan ~{connaisseur-bus}:* (+xadd ~{connaisseur-bus}:dead)`,
} as const;

/**
 * What Redis itself must bound, as lines of `redis.conf`: no rule for a user limits how long a value is, and readers take
 * eight entries at once. The longest that we write ourselves is a batch of decisions, 1 MiB of text and its evidence.
 */
export const REDIS_LIMITS = {
  'proto-max-bulk-len': '4mb',
  'client-query-buffer-limit': '16mb',
  'maxmemory-policy': 'noeviction',
} as const;

const LOG_KEYS = '~{connaisseur-log}:decisions ~{connaisseur-log}:denials';

/**
 * Everything that a component does in Redis, as rules for an ACL file. A gateway writes decisions and only reads shared
 * verdicts and versions of trust data; a verifier has no part in decisions; alerting reads decisions and cannot write one,
 * and has its queues to itself.
 */
const COMPONENT_ACL = {
  gateway: `${BUS_ACL.gateway} +multi +exec (+xadd +xlen +xtrim +xpending +xinfo|groups +xrange +xrevrange ${LOG_KEYS}) (+getrange %R~connaisseur:cache:* %R~connaisseur:floor:*) (+getrange +set ~connaisseur:admitted:*)`,
  verifier: `${BUS_ACL.verifier} (+getrange +set ~connaisseur:cache:*) (+getrange +set +rpush +lrange ~connaisseur:floor:*)`,
  alerting: `${CONNECTION} +multi +exec +evalsha +eval +script|load (+xgroup|create +xgroup|destroy +xreadgroup +xautoclaim +xack +xread +xrange +xrevrange ${LOG_KEYS}) (+@read +@write +eval +evalsha -@dangerous ~{connaisseur-alerts}:*)`,
} as const;

export type RedisComponent = keyof typeof COMPONENT_ACL;

/**
 * Text of Redis' `aclfile`: one user for each component, by the SHA-256 of its password, and nobody else. The default
 * user, which needs no password, is off.
 */
export function redisAclFile(passwordHashes: ReadonlyMap<RedisComponent, string>): string {
  const users = [...passwordHashes].map(([component, hash]) => {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError('expected the SHA-256 of a password in hex');
    return userLine(component, `#${hash}`, '');
  });
  return [...users, 'user default off resetpass resetkeys resetchannels -@all', ''].join('\n');
}

/** How clients of a Redis Cluster find the node of a key. */
const CLUSTER_COMMANDS = '+cluster|slots +cluster|info +readonly +asking ';

/**
 * The same users for a Redis that others run, one line each, with `>PASSWORD-OF-…` where its password goes; the default
 * user is theirs. Behind Sentinel the lines are those of a single Redis.
 */
export function redisAclLines(topology: 'single' | 'cluster'): readonly string[] {
  // The keys of this object are its type.
  const components = Object.keys(COMPONENT_ACL) as RedisComponent[];
  const more = topology === 'cluster' ? CLUSTER_COMMANDS : '';
  return components.map((component) => userLine(component, `>PASSWORD-OF-${component.toUpperCase()}`, more));
}

function userLine(component: RedisComponent, password: string, more: string): string {
  return `user ${component} on ${password} resetchannels -@all ${more}${COMPONENT_ACL[component]}`;
}
