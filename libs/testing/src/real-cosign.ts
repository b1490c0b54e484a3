import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { provisionCosign } from './real-cosign-provision.js';

const run = promisify(execFile);
const COMMAND_MS = 60_000;
const PASSWORD = 'not a secret';

/** `legacy` goes under the tag `sha256-<hex>.sig`, `bundle` is an OCI 1.1 referrer. */
export type RealSignatureFormat = 'legacy' | 'bundle';

export interface RealKeyPair {
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
  readonly publicKeyPem: string;
}

/** The real cosign in a home folder of its own, talking to registries over plain HTTP. */
export class RealCosign {
  /** Which cosign this is: the package, or the file. */
  readonly origin: string;
  readonly #binary: string;
  readonly #home: string;
  #files = 0;

  private constructor(binary: string, home: string, origin: string) {
    this.#binary = binary;
    this.#home = home;
    this.origin = origin;
  }

  /**
   * Finds cosign on the path or in the cache, or unpacks Debian's package into the cache; says why where none of that
   * works.
   */
  static async find(): Promise<RealCosign | { readonly reason: string }> {
    const found = await provisionCosign();
    if ('reason' in found) return found;
    const home = await mkdtemp(join(tmpdir(), 'real-cosign-'));
    return new RealCosign(found.binary, home, found.from);
  }

  /** cosign's own kind of key: P-256. */
  async generateKeyPair(): Promise<RealKeyPair> {
    const prefix = this.#file('key');
    await this.#cosign(['generate-key-pair', '--output-key-prefix', prefix]);
    return this.#keyPair(prefix);
  }

  /** A private key from elsewhere, in PEM. */
  async importKeyPair(privateKeyPem: string): Promise<RealKeyPair> {
    const prefix = this.#file('imported');
    const file = await this.writeFile(privateKeyPem);
    await this.#cosign(['import-key-pair', '--key', file, '--output-key-prefix', prefix]);
    return this.#keyPair(prefix);
  }

  /** Signs `image`, given by digest; with a log, uploads the entry there and believes `logPublicKeyPem`. */
  async sign(
    image: string,
    key: RealKeyPair,
    {
      format,
      log,
      flags = [],
      env = {},
    }: {
      readonly format: RealSignatureFormat;
      readonly log?: { readonly url: string; readonly publicKeyPem: string };
      readonly flags?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    const services = format === 'legacy' ? legacyServices(log?.url) : await this.#signingConfig(log?.url);
    await this.#cosign(
      ['sign', '--key', key.privateKeyFile, ...services, ...flags, '--allow-http-registry', '-y', image],
      {
        ...env,
        ...(log === undefined ? {} : { SIGSTORE_REKOR_PUBLIC_KEY: await this.writeFile(log.publicKeyPem) }),
      },
    );
  }

  /** Attaches a signed statement about the image, which is no signature of it. */
  async attest(image: string, key: RealKeyPair, format: RealSignatureFormat): Promise<void> {
    const services = format === 'legacy' ? legacyServices(undefined) : await this.#signingConfig(undefined);
    const predicate = ['--type', 'custom', '--predicate', await this.writeFile('{"tested":true}')];
    const flags = ['--allow-http-registry', '-y', image];
    await this.#cosign(['attest', '--key', key.privateKeyFile, ...services, ...predicate, ...flags]);
  }

  /** Attaches a payload and its signature, both files, under the `.sig` tag. */
  async attachSignature(image: string, payloadFile: string, signatureFile: string): Promise<void> {
    const files = ['--payload', payloadFile, '--signature', signatureFile];
    await this.#cosign(['attach', 'signature', ...files, '--allow-http-registry', image]);
  }

  /** Resolves where cosign says that the image is signed; rejects with its words where not. */
  async verify(
    image: string,
    publicKeyPem: string,
    {
      log,
      flags = [],
    }: {
      readonly log?: { readonly name: string; readonly publicKeyPem: string };
      readonly flags?: readonly string[];
    } = {},
  ): Promise<void> {
    const believed = log === undefined ? ['--insecure-ignore-tlog'] : await this.#trustedRoot(log);
    const key = ['--key', await this.writeFile(publicKeyPem)];
    await this.#cosign(['verify', ...key, ...believed, ...flags, '--allow-http-registry', image]);
  }

  async writeFile(content: string | Uint8Array): Promise<string> {
    const file = this.#file('file');
    await writeFile(file, content);
    return file;
  }

  async dispose(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }

  async #signingConfig(logUrl: string | undefined): Promise<readonly string[]> {
    const rekor =
      logUrl === undefined
        ? []
        : [
            '--rekor',
            `url=${logUrl},api-version=1,start-time=2024-01-01T00:00:00Z,operator=test`,
            '--rekor-config',
            'ANY',
          ];
    const { stdout } = await this.#cosign(['signing-config', 'create', ...rekor]);
    return ['--signing-config', await this.writeFile(stdout)];
  }

  async #trustedRoot(log: {
    readonly name: string;
    readonly publicKeyPem: string;
  }): Promise<readonly string[]> {
    const key = await this.writeFile(log.publicKeyPem);
    const start = 'start-time=2024-01-01T00:00:00Z';
    const rekor = `url=https://${log.name},public-key=${key},${start},origin=${log.name}`;
    const { stdout } = await this.#cosign(['trusted-root', 'create', '--rekor', rekor]);
    return ['--trusted-root', await this.writeFile(stdout)];
  }

  async #keyPair(prefix: string): Promise<RealKeyPair> {
    const publicKeyFile = `${prefix}.pub`;
    return {
      privateKeyFile: `${prefix}.key`,
      publicKeyFile,
      publicKeyPem: await readFile(publicKeyFile, 'utf8'),
    };
  }

  #file(kind: string): string {
    this.#files += 1;
    return join(this.#home, `${kind}-${this.#files}`);
  }

  #cosign(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ stdout: string }> {
    return run(this.#binary, args, {
      cwd: this.#home,
      env: { HOME: this.#home, COSIGN_PASSWORD: PASSWORD, ...env },
      timeout: COMMAND_MS,
    });
  }
}

function legacyServices(logUrl: string | undefined): readonly string[] {
  const format = ['--new-bundle-format=false', '--use-signing-config=false'];
  return logUrl === undefined ? [...format, '--tlog-upload=false'] : [...format, '--rekor-url', logUrl];
}
