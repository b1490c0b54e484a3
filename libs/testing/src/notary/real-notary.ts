// Over 200 lines: one rig, from keys and configuration files to the two servers and the client, read from top to bottom.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { NotaryKey } from './notary-key.js';
import { TestAuthority } from '../virtual-registry-certificate.js';

export interface RealNotaryOptions {
  /** `local`: plain HTTP, the server signs with Ed25519. `signer`: TLS under an authority of its own, a signer with ECDSA. */
  readonly keys: 'local' | 'signer';
}

const START_MS = 15_000;
const PASSPHRASES = Object.fromEntries(
  ['ROOT', 'TARGETS', 'SNAPSHOT', 'DELEGATION'].map((role) => [`NOTARY_${role}_PASSPHRASE`, 'password1']),
);
const run = promisify(execFile);

/** Debian's `notary-server` (and `notary-signer`) with the `notary` client, running for a test. */
export class RealNotary implements AsyncDisposable {
  /** `http://127.0.0.1:port` or `https://localhost:port`. */
  readonly url: string;
  /** PEM of the authority that signed the server's certificate; `undefined` over plain HTTP. */
  readonly ca: string | undefined;
  readonly folder: string;
  readonly #children: readonly ChildProcess[];

  private constructor(
    url: string,
    ca: string | undefined,
    folder: string,
    children: readonly ChildProcess[],
  ) {
    this.url = url;
    this.ca = ca;
    this.folder = folder;
    this.#children = children;
  }

  /** Starts what the key set-up needs on free ports; all of it is gone after `stop`. */
  static async start({ keys }: RealNotaryOptions): Promise<RealNotary> {
    const folder = await mkdtemp(join(tmpdir(), 'real-notary-'));
    const children: ChildProcess[] = [];
    try {
      return keys === 'local' ? await startLocal(folder, children) : await startWithSigner(folder, children);
    } catch (error) {
      await end(folder, children);
      throw error;
    }
  }

  static of(
    url: string,
    ca: string | undefined,
    folder: string,
    children: readonly ChildProcess[],
  ): RealNotary {
    return new RealNotary(url, ca, folder, children);
  }

  /** Runs the client; every answer to its questions is yes. */
  async notary(...args: readonly string[]): Promise<string> {
    const ca = this.ca === undefined ? [] : ['--tlscacert', join(this.folder, 'ca.crt')];
    const child = run('notary', ['-s', this.url, '-d', join(this.folder, 'trust'), ...ca, ...args], {
      cwd: this.folder,
      env: { ...PASSPHRASES, PATH: process.env['PATH'], HOME: this.folder },
      timeout: 30_000,
    });
    child.child.stdin?.end('yes\nyes\nyes\n');
    return (await child).stdout;
  }

  /** A new, published collection. */
  async init(collection: string): Promise<void> {
    await this.notary('init', '-p', collection);
  }

  /** Signs `digest` as `tag`; in a delegation where roles are given. */
  async add(collection: string, tag: string, digest: string, ...roles: readonly string[]): Promise<void> {
    const sha256 = digest.slice('sha256:'.length);
    const where = roles.flatMap((role) => ['--roles', role]);
    await this.notary('addhash', '-p', collection, tag, '528', '--sha256', sha256, ...where);
  }

  /** Delegates a role to a new key and gives the client that key. */
  async delegate(collection: string, role: string, ...paths: readonly string[]): Promise<void> {
    const key = NotaryKey.ecdsa();
    const certified = await key.certified(role);
    const name = role.replaceAll('/', '-');
    await writeFile(join(this.folder, `${name}.crt`), Buffer.from(certified.json.keyval.public, 'base64'));
    await writeFile(join(this.folder, `${name}.p8`), key.privatePem, { mode: 0o600 });
    const where = paths.length === 0 ? ['--all-paths'] : paths.flatMap((path) => ['--paths', path]);
    await this.notary('delegation', 'add', '-p', collection, role, `${name}.crt`, ...where);
    await this.notary('key', `import`, `${name}.p8`, '--role', name);
  }

  /** The root keys of a collection as PEM public keys, out of the root that the server has under this version. */
  async rootKeys(collection: string, version?: number): Promise<readonly string[]> {
    const name = version === undefined ? 'root' : `${version}.root`;
    const { stdout } = await run('curl', ['-fsk', `${this.url}/v2/${collection}/_trust/tuf/${name}.json`]);
    // The shape of a root that a real server made.
    const { signed } = JSON.parse(stdout) as {
      signed: { keys: Record<string, { keyval: { public: string } }>; roles: { root: { keyids: string[] } } };
    };
    return await Promise.all(
      signed.roles.root.keyids.map((id) => publicKeyOf(this.folder, signed.keys[id]?.keyval.public ?? '')),
    );
  }

  /** Names of the private keys in the client's trust directory. */
  async privateKeys(): Promise<readonly string[]> {
    return await readdir(join(this.folder, 'trust', 'private'));
  }

  async stop(): Promise<void> {
    await end(this.folder, this.#children);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function publicKeyOf(folder: string, certificate: string): Promise<string> {
  const file = join(folder, `root-${Math.abs(certificate.length)}-${process.hrtime.bigint()}.crt`);
  await writeFile(file, Buffer.from(certificate, 'base64'));
  return (await run('openssl', ['x509', '-in', file, '-noout', '-pubkey'])).stdout;
}

async function startLocal(folder: string, children: ChildProcess[]): Promise<RealNotary> {
  const port = await freePort();
  await startServer(folder, children, port, { http_addr: `127.0.0.1:${port}` }, { type: 'local' });
  return RealNotary.of(`http://127.0.0.1:${port}`, undefined, folder, children);
}

async function startWithSigner(folder: string, children: ChildProcess[]): Promise<RealNotary> {
  const authority = new TestAuthority('notary test authority');
  await writeFile(join(folder, 'ca.crt'), authority.pem);
  for (const name of ['server', 'signer']) {
    const { key, cert } = authority.issue(['localhost', '127.0.0.1']);
    await writeFile(join(folder, `${name}.key`), key, { mode: 0o600 });
    await writeFile(join(folder, `${name}.crt`), cert);
  }
  const file = (name: string): string => join(folder, name);
  const [grpc, port] = [await freePort(), await freePort()];
  await startSigner(folder, children, grpc);
  await startServer(
    folder,
    children,
    port,
    { http_addr: `127.0.0.1:${port}`, tls_key_file: file('server.key'), tls_cert_file: file('server.crt') },
    {
      type: 'remote',
      hostname: 'localhost',
      port: String(grpc),
      key_algorithm: 'ecdsa',
      tls_ca_file: file('ca.crt'),
      tls_client_cert: file('server.crt'),
      tls_client_key: file('server.key'),
    },
  );
  return RealNotary.of(`https://localhost:${port}`, authority.pem, folder, children);
}

async function startSigner(folder: string, children: ChildProcess[], grpc: number): Promise<void> {
  const configuration = {
    server: {
      grpc_addr: `127.0.0.1:${grpc}`,
      tls_cert_file: join(folder, 'signer.crt'),
      tls_key_file: join(folder, 'signer.key'),
      client_ca_file: join(folder, 'ca.crt'),
    },
    logging: { level: 'error' },
    storage: { backend: 'memory' },
  };
  await writeFile(join(folder, 'signer.json'), JSON.stringify(configuration));
  await startProgram('notary-signer', folder, 'signer.json', children, grpc);
}

async function startServer(
  folder: string,
  children: ChildProcess[],
  port: number,
  server: object,
  trust_service: object,
): Promise<void> {
  const configuration = {
    server,
    trust_service,
    storage: { backend: 'memory' },
    logging: { level: 'error' },
  };
  await writeFile(join(folder, 'server.json'), JSON.stringify(configuration));
  await startProgram('notary-server', folder, 'server.json', children, port);
}

async function startProgram(
  program: string,
  folder: string,
  file: string,
  children: ChildProcess[],
  port: number,
): Promise<void> {
  const child = spawn(program, [`-config=${file}`], {
    cwd: folder,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] },
  });
  children.push(child);
  const failed = once(child, 'error').then(([error]: unknown[]) => {
    throw error instanceof Error ? error : new Error(`${program} cannot be started`);
  });
  failed.catch(() => undefined);
  const until = performance.now() + START_MS;
  while (performance.now() < until && child.exitCode === null) {
    if (await Promise.race([isListening(port), failed])) return;
    await sleep(50);
  }
  throw new Error(`${program} did not start: expected it to listen on port ${port}`);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Not yet: the caller asks again.
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return address.port;
}

async function end(folder: string, children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
}
