// CPU of cold key-signed verifications in a process that does nothing else, and of the bare signature check.
import { generateKeyPairSync, sign, verify } from 'node:crypto';

import { loadConfiguration } from '#config';
import { parseImageReference } from '#image-ref';
import { createTransport } from '#registry';
import { openEngine } from '#verification';

import type { PushedImage } from './registry.js';

process.once('disconnect', () => process.exit(0));
process.once('message', (task: { config: string; images: PushedImage[] }) => {
  void measure(task).then((result) => process.send?.(result, () => process.exit(0)));
});
process.send?.('ready');

async function measure({ config, images }: { config: string; images: PushedImage[] }): Promise<object> {
  const engine = openEngine(loadConfiguration({ file: { name: 'config.yaml', text: config } }), {
    transport: createTransport(),
    secretsDirectory: undefined,
    dockerConfig: undefined,
    readFile: () => undefined,
    clock: () => new Date(),
    onFault: (error) => {
      throw error;
    },
  });
  const judge = async ({ tag }: PushedImage): Promise<void> => {
    const image = parseImageReference(tag);
    const bound = engine.govern(image);
    if (bound === undefined) throw new Error(`no rule for ${tag}`);
    const { outcome } = await engine.verify(image, bound, AbortSignal.timeout(10_000));
    if (outcome !== 'admitted') throw new Error(`expected ${tag} to be admitted, got ${outcome}`);
  };
  const half = images.length / 2;
  for (const image of images.slice(0, half)) await judge(image);
  const value = await cpuMs(
    half,
    async (index) => await judge(images[half + index] ?? { tag: '', digest: '' }),
  );
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const payload = Buffer.alloc(250, 'x');
  const signature = sign('sha256', payload, privateKey);
  const check = async (): Promise<void> => {
    if (!verify('sha256', payload, publicKey, signature)) throw new Error('the signature does not verify');
  };
  await cpuMs(2_000, check);
  return { value, floor: await cpuMs(2_000, check) };
}

async function cpuMs(count: number, run: (index: number) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await run(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}
