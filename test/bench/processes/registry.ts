// A registry in a process of its own, so that what it costs is not the product's; told over the channel what to hold.
import { CosignSigner, pushBundle, pushImage, pushLegacySignature, VirtualRegistry } from '#testing';

/** One request over the channel; the answer has the same `id`. */
export type RegistryCommand = { readonly id: number } & (
  | { readonly kind: 'push'; readonly count: number; readonly format: 'legacy' | 'bundle' }
  | { readonly kind: 'journal' }
);

export interface PushedImage {
  readonly tag: string;
  readonly digest: string;
}

export interface RegistryGreeting {
  readonly host: string;
  readonly publicKey: string;
}

const registry = await VirtualRegistry.start({ latencyMs: Number(process.argv[2] ?? 0) });
const signer = new CosignSigner('P-256');
let serial = 0;

process.on('message', (command: RegistryCommand) => {
  void run(command).then((result) => process.send?.({ id: command.id, result }));
});
process.once('disconnect', () => process.exit(0));
process.send?.({ host: registry.host, publicKey: signer.key.publicKeyPem } satisfies RegistryGreeting);

async function run(command: RegistryCommand): Promise<unknown> {
  if (command.kind === 'push') {
    const pushed: PushedImage[] = [];
    while (pushed.length < command.count) pushed.push(await push(command.format));
    return pushed;
  }
  const { roundTrips, entries } = registry.journal;
  const requests = entries.length;
  registry.journal.clear();
  return { roundTrips, requests };
}

async function push(format: 'legacy' | 'bundle'): Promise<PushedImage> {
  serial += 1;
  const path = `app-${serial}`;
  const image = await pushImage(registry.content, path, { tag: 'v1' });
  if (format === 'bundle') {
    await pushBundle(registry.content, path, image, signer.signBundle({ digest: image.digest }));
  } else {
    const layer = signer.signLegacy({ digest: image.digest, repository: `${registry.host}/${path}` });
    await pushLegacySignature(registry.content, path, image.digest, [layer]);
  }
  return { tag: `${registry.host}/${path}:v1`, digest: `${registry.host}/${path}@${image.digest}` };
}
