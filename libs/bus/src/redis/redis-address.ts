import { RedisSetupError } from './error.js';

/** A host and its port. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, and how it is reached. */
export interface RedisAddress {
  readonly kind: 'single' | 'socket' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  /** One for `single`, none for `socket`. */
  readonly nodes: readonly RedisNode[];
  /** Of the unix socket. */
  readonly path: string | undefined;
  /** Name of the master that the sentinels watch. */
  readonly master: string | undefined;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const MAX_URL = 4096;
const DEFAULT_PORT = { single: 6379, cluster: 6379, sentinel: 26379 } as const;
const URL_FORM =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?#]+)(?:\/([^/?#]*))?(?:\/(\d{1,4}))?$/;

/**
 * Text to address: `redis://[user:password@]host[:port][/db]`, `rediss://` for TLS, `unix:///path` or `/path`,
 * `redis+sentinel://host:port,host:port/master[/db]` and `redis+cluster://host:port,host:port` (both with `rediss` too).
 * Throws {@link RedisSetupError}.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const socket = text.startsWith('/') ? text : /^(?:unix|redis\+unix):\/\/(\/.*)$/.exec(text)?.[1];
  if (socket !== undefined) return { ...EMPTY, kind: 'socket', path: socket };
  const match = text.length <= MAX_URL ? URL_FORM.exec(text) : null;
  if (match === null) throw malformed();
  const [, scheme, topology, username, password, hosts = '', first, second] = match;
  const kind = topology === 'sentinel' || topology === 'cluster' ? topology : 'single';
  const nodes = hosts.split(',').map((host) => parseNode(host, DEFAULT_PORT[kind]));
  if (kind === 'single' && nodes.length > 1) throw malformed();
  return {
    kind,
    tls: scheme === 'rediss',
    nodes,
    path: undefined,
    ...parsePath(kind, first, second),
    username: decode(username),
    password: decode(password),
  };
}

const EMPTY: RedisAddress = {
  kind: 'single',
  tls: false,
  nodes: [],
  path: undefined,
  master: undefined,
  database: 0,
  username: undefined,
  password: undefined,
};

function parsePath(
  kind: RedisAddress['kind'],
  first: string | undefined,
  second: string | undefined,
): Pick<RedisAddress, 'master' | 'database'> {
  if (kind === 'sentinel') {
    if (first === undefined || first === '') throw malformed();
    return { master: first, database: Number(second ?? 0) };
  }
  if (second !== undefined || !/^\d{0,4}$/.test(first ?? '')) throw malformed();
  if (kind === 'cluster' && Number(first ?? 0) !== 0) throw malformed();
  return { master: undefined, database: Number(first ?? 0) };
}

function parseNode(text: string, defaultPort: number): RedisNode {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (match === null || port < 1 || port > 65_535) throw malformed();
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}

function decode(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed();
  }
}

function malformed(): RedisSetupError {
  return new RedisSetupError(
    'url',
    'expected redis://host:port/db, rediss://…, unix:///path, redis+sentinel://host:port,…/master or redis+cluster://host:port,…',
  );
}
