import { CosignSigner, pushImage, pushLegacySignature, TestAuthority, VirtualRegistry } from '#testing';

/** Docker Hub, as far as a cluster of this machine can tell. */
const HUB = 'registry-1.docker.io';
const ORGANISATION = 'securesystemsengineering';

export type Signer = 'us' | 'somebody else' | 'nobody';

export interface Image {
  /** With its tag, as a user writes it. */
  readonly name: string;
  /** With the digest that the tag had when it was pushed. */
  readonly pinned: string;
  readonly digest: string;
}

/**
 * A registry that answers for `docker.io`, with a certificate that only the values of the installation trust, and images
 * signed by us, by somebody else and by nobody.
 */
export class Images implements AsyncDisposable {
  readonly registry: VirtualRegistry;
  /** PEM of the authority behind the registry's certificate. */
  readonly authority: string;
  readonly #us = new CosignSigner('P-256');
  readonly #stranger = new CosignSigner('P-256');

  private constructor(registry: VirtualRegistry, authority: string) {
    this.registry = registry;
    this.authority = authority;
  }

  /** With upstream's `testimage` in the tags `signed` and `unsigned`, and one more that a stranger signed. */
  static async start(): Promise<Images> {
    const authority = new TestAuthority();
    const registry = await VirtualRegistry.start({ tls: authority.issue([HUB]) });
    const images = new Images(registry, authority.pem);
    await images.push('testimage', 'signed', 'us');
    await images.push('testimage', 'unsigned', 'nobody');
    await images.push('testimage', 'wrong', 'somebody else');
    return images;
  }

  /** What pods reach under which name. */
  get route(): { readonly name: string; readonly target: string } {
    return { name: `${HUB}:443`, target: this.registry.host };
  }

  /** PEM of our public key. */
  get publicKey(): string {
    return this.#us.key.publicKeyPem;
  }

  /** PEM of the key that signs for somebody else. */
  get strangersKey(): string {
    return this.#stranger.key.publicKeyPem;
  }

  /** `docker.io/securesystemsengineering/testimage:signed` and the like. */
  name(tag: string, repository = 'testimage'): string {
    return `docker.io/${ORGANISATION}/${repository}:${tag}`;
  }

  /** Makes an image of its own and lets a tag lead to it. */
  async push(repository: string, tag: string, by: Signer): Promise<Image> {
    const path = `${ORGANISATION}/${repository}`;
    const content = `${repository}:${tag} by ${by} ${performance.now()}`;
    const { digest } = await pushImage(this.registry.content, path, { tag, content });
    const signer = { us: this.#us, 'somebody else': this.#stranger, nobody: undefined }[by];
    if (signer !== undefined) {
      const layer = signer.signLegacy({ digest, repository: `index.docker.io/${path}` });
      await pushLegacySignature(this.registry.content, path, digest, [layer]);
    }
    const name = this.name(tag, repository);
    return { name, digest, pinned: `${name}@${digest}` };
  }

  /** How many requests the registry has seen for a repository. */
  requests(repository: string): number {
    return this.registry.journal.entries.filter(({ path }) => path.includes(`/${repository}/`)).length;
  }

  /** The registry answers nothing but errors, until `back`. */
  away(): void {
    this.registry.misbehave({ path: /.*/, toxic: { kind: 'answer', status: 503 } });
  }

  back(): void {
    this.registry.behave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.stop();
  }
}
