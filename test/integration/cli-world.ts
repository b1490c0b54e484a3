import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { CosignSigner, pushImage, pushLegacySignature, VirtualRegistry } from '#testing';

const USER = { username: 'robot', password: 'canary-s3cr3t-pw' };

/** An address where nobody listens. */
export const NOBODY = '127.0.0.1:9';

export interface PolicyText {
  readonly auth?: boolean;
  /** What goes below `with`. */
  readonly rule?: string;
  readonly catchAll?: boolean;
  /** More lines at the end. */
  readonly more?: string;
}

/** Registries with images in every state, two keys, and a folder for files. */
export class CliWorld implements AsyncDisposable {
  readonly #registries: readonly VirtualRegistry[];
  readonly open: VirtualRegistry;
  /** Asks for credentials. */
  readonly locked: VirtualRegistry;
  readonly limited: VirtualRegistry;
  readonly lying: VirtualRegistry;
  readonly slow: VirtualRegistry;
  readonly team = new CosignSigner('P-256');
  readonly second = new CosignSigner('P-256');
  readonly directory = mkdtempSync(join(tmpdir(), 'connaisseur-cli-'));

  private constructor(
    registries: readonly [
      VirtualRegistry,
      VirtualRegistry,
      VirtualRegistry,
      VirtualRegistry,
      VirtualRegistry,
    ],
  ) {
    this.#registries = registries;
    [this.open, this.locked, this.limited, this.lying, this.slow] = registries;
  }

  static async start(): Promise<CliWorld> {
    const world = new CliWorld(
      await Promise.all([
        VirtualRegistry.start(),
        VirtualRegistry.start({ auth: { kind: 'basic', ...USER } }),
        VirtualRegistry.start(),
        VirtualRegistry.start(),
        VirtualRegistry.start(),
      ]),
    );
    for (const registry of world.#registries) await world.push(registry, 'app/signed', 'team');
    await world.push(world.open, 'app/unsigned');
    await world.push(world.open, 'app/foreign', 'stranger');
    world.limited.misbehave({ path: /manifests/, toxic: { kind: 'answer', status: 429 } });
    world.lying.misbehave({
      path: /manifests\/(?!.*\.sig)/,
      toxic: { kind: 'body', body: '{"other":"bytes"}' },
    });
    world.slow.misbehave({ path: /manifests/, toxic: { kind: 'hang' } });
    return world;
  }

  /** Pushes an image, signed by the team, by somebody else, or by nobody. */
  async push(registry: VirtualRegistry, path: string, by?: 'team' | 'stranger'): Promise<string> {
    const { digest } = await pushImage(registry.content, path, { tag: 'v1', content: path });
    if (by !== undefined) {
      const signer = by === 'team' ? this.team : new CosignSigner('P-256');
      const layer = signer.signLegacy({ digest, repository: `${registry.host}/${path}` });
      await pushLegacySignature(registry.content, path, digest, [layer]);
    }
    return digest;
  }

  /** Writes a file below the world's folder and gives its path. */
  write(name: string, text: string): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** A values file that trusts the team's key for every registry here; `auth` names the secret "registry". */
  policy(name: string, options: PolicyText = {}): string {
    const { auth = false, rule = 'verifyInTransparencyLog: false', catchAll = true, more = '' } = options;
    const hosts = [...this.#registries.map(({ host }) => host), NOBODY];
    const rules = hosts.map((host) => `    - { pattern: "${host}/*:*", validator: team, with: { ${rule} } }`);
    return this.write(
      name,
      `application:
  validators:
    - name: deny
      type: static
      approve: false
    - name: team
      type: cosign
${auth ? '      auth: { secretName: registry }\n' : ''}      trustRoots:
${rootText('default', this.team)}
${rootText('second', this.second)}
  policy:
${catchAll ? '    - { pattern: "*:*", validator: deny }\n' : ''}${rules.join('\n')}
${more}`,
    );
  }

  /** A Docker configuration with the password of `locked`; its folder is `DOCKER_CONFIG`. */
  dockerConfig(): string {
    return dirname(this.write('docker/config.json', this.#dockerConfigJson()));
  }

  /** A secrets directory with the secret "registry" for `locked`. */
  secrets(): string {
    return dirname(dirname(this.write('secrets/registry/.dockerconfigjson', this.#dockerConfigJson())));
  }

  #dockerConfigJson(): string {
    const auth = Buffer.from(`${USER.username}:${USER.password}`).toString('base64');
    return JSON.stringify({ auths: { [this.locked.host]: { auth } } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#registries.map((registry) => registry.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function rootText(name: string, { key }: CosignSigner): string {
  const pem = key.publicKeyPem.trim().replaceAll('\n', '\n            ');
  return `        - name: ${name}\n          key: |\n            ${pem}`;
}
