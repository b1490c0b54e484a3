// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  type ContentDescriptor,
  manifestBytes,
  OCI_MANIFEST,
  pushImage,
  RealCosign,
  type RealKeyPair,
  type RealRegistry,
  RegistryPusher,
  startRealRegistry,
  startVirtualLogServer,
  type VirtualLogServer,
} from '#testing';

import { type Answer, patchOf, podReview, runToEnd } from './system.js';

const LAUNCHER = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'bin', 'connaisseur.mjs');

const found = await RealCosign.find();
const cosign = found instanceof RealCosign ? found : undefined;
if (!(found instanceof RealCosign)) {
  if ((process.env['CI'] ?? '') !== '') throw new Error(found.reason);
  console.warn(`real-input.spec.ts is skipped: ${found.reason}`);
}

/**
 * Nothing faked on the path but the log (cosign's own needs the internet): the launcher's standalone with its own Redis,
 * Debian's registry, images signed by the real cosign, AdmissionReviews over HTTPS.
 */
describe.skipIf(cosign === undefined)('the main job on real input', () => {
  const real = cosign!;
  const directory = mkdtempSync(join(tmpdir(), 'real-input-'));
  const policy = join(directory, 'values.yaml');
  let registry: RealRegistry;
  let log: VirtualLogServer;
  let alice: RealKeyPair;
  let bob: RealKeyPair;
  let standalone: ChildProcess;
  let url = '';
  let agent: Agent;
  let images = 0;

  beforeAll(async () => {
    [registry, log] = await Promise.all([startRealRegistry(), startVirtualLogServer()]);
    [alice, bob] = [await real.generateKeyPair(), await real.generateKeyPair()];
    writeFileSync(policy, values());
    standalone = spawn(process.execPath, [LAUNCHER, 'standalone', '-p', policy, '--listen', '127.0.0.1:0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    url = await readyLine(standalone);
  }, 180_000);

  afterAll(async () => {
    const gone = new Promise((resolve) => standalone?.once('exit', resolve));
    standalone?.kill('SIGTERM');
    await gone;
    agent?.destroy();
    await Promise.allSettled([registry?.stop(), log?.stop(), real.dispose()]);
    rmSync(directory, { recursive: true, force: true });
  });

  test.for([{ format: 'legacy' as const }, { format: 'bundle' as const }])(
    'an image signed by cosign ($format, with the log) is admitted and pinned',
    async ({ format }) => {
      const image = await freshImage('single');
      await sign(image, alice, format);
      const answer = await review(image.name);
      expect(answer.status?.message).toBeUndefined();
      expect(patchOf(answer).at(-1)?.value).toBe(`${image.name}@${image.digest}`);
      const { code, stdout } = await runToEnd(['verify', image.name, '-p', policy, '-o', 'json'], {
        HOME: directory,
      });
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        schemaVersion: 1,
        results: [{ image: image.name, outcome: 'admitted', digest: image.digest }],
      });
    },
  );

  test.for([{ format: 'legacy' as const }, { format: 'bundle' as const }])(
    'an image signed by another key ($format) is denied with CNS-1004',
    async ({ format }) => {
      const image = await freshImage('single');
      await sign(image, bob, format);
      expect((await review(image.name)).status?.message).toMatch(/^CNS-1004 /);
      expect((await runToEnd(['verify', image.name, '-p', policy], { HOME: directory })).code).toBe(12);
    },
  );

  test('an image without a signature is denied with CNS-1003, one that is not there with CNS-1011', async () => {
    const image = await freshImage('single');
    expect((await review(image.name)).status?.message).toMatch(/^CNS-1003 /);
    expect((await review(image.name.replace(':v1', ':v2'))).status?.message).toMatch(/^CNS-1011 /);
    expect((await runToEnd(['verify', image.name, '-p', policy], { HOME: directory })).code).toBe(10);
  });

  test('a signature without the log’s proof is denied with CNS-1006 where the rule asks for the log', async () => {
    const image = await freshImage('single');
    await real.sign(`${image.repository}@${image.digest}`, alice, { format: 'legacy' });
    expect((await review(image.name)).status?.message).toMatch(/^CNS-1006 /);
  });

  test('a flipped byte in the signature, and a signature moved from another digest, prove nothing', async () => {
    const [flipped, donor, moved] = [
      await freshImage('single'),
      await freshImage('single'),
      await freshImage('single'),
    ];
    await sign(flipped, alice, 'legacy');
    await sign(donor, alice, 'legacy');
    expect(await review(donor.name)).toMatchObject({ allowed: true });
    await rewrite(flipped, flipped, (manifest) => {
      const layer = manifest.layers[0]!;
      const name = 'dev.cosignproject.cosign/signature';
      const bytes = Buffer.from(layer.annotations![name]!, 'base64');
      bytes[bytes.length - 1]! ^= 1;
      layer.annotations![name] = bytes.toString('base64');
    });
    await rewrite(donor, moved, () => undefined);
    expect(await review(flipped.name)).toMatchObject({ allowed: false });
    expect((await review(moved.name)).status?.message).toMatch(/^CNS-1005 /);
  });

  test('two signers against a threshold of two are admitted; one signature listed twice is not', async () => {
    const [both, twice] = [await freshImage('two'), await freshImage('two')];
    for (const key of [alice, bob]) await sign(both, key, 'legacy');
    await sign(twice, alice, 'legacy');
    await rewrite(twice, twice, (manifest) => void manifest.layers.push(manifest.layers[0]!));
    expect(await review(both.name)).toMatchObject({ allowed: true });
    expect((await review(twice.name)).status?.message).toMatch(/^CNS-1008 /);
  });

  interface FreshImage {
    readonly name: string;
    readonly repository: string;
    readonly path: string;
    readonly digest: string;
    readonly descriptor: ContentDescriptor;
  }

  async function freshImage(rule: 'single' | 'two'): Promise<FreshImage> {
    images += 1;
    const path = `${rule}/app-${images}`;
    const descriptor = await pushImage(new RegistryPusher(`http://${registry.host}`), path, {
      tag: 'v1',
      content: path,
    });
    const repository = `${registry.host}/${path}`;
    return { name: `${repository}:v1`, repository, path, digest: descriptor.digest, descriptor };
  }

  async function sign(image: FreshImage, key: RealKeyPair, format: 'legacy' | 'bundle'): Promise<void> {
    const target = { url: log.url, publicKeyPem: log.log.publicKeyPem };
    await real.sign(`${image.repository}@${image.digest}`, key, { format, log: target });
  }

  /** Takes the `.sig` manifest of one image, changes it, and puts it beside another (or the same) image. */
  async function rewrite(
    from: FreshImage,
    to: FreshImage,
    change: (manifest: SignatureManifest) => void,
  ): Promise<void> {
    const tag = (image: FreshImage): string => `${image.digest.replace(':', '-')}.sig`;
    const base = `http://${registry.host}/v2`;
    const response = await fetch(`${base}/${from.path}/manifests/${tag(from)}`, {
      headers: { Accept: OCI_MANIFEST },
    });
    const manifest = (await response.json()) as SignatureManifest;
    const pusher = new RegistryPusher(`http://${registry.host}`);
    for (const { digest, mediaType } of [...manifest.layers, manifest.config]) {
      const blob = await fetch(`${base}/${from.path}/blobs/${digest}`);
      await pusher.pushBlob(to.path, Buffer.from(await blob.arrayBuffer()), mediaType);
    }
    change(manifest);
    await pusher.pushManifest(to.path, {
      bytes: manifestBytes(manifest),
      mediaType: OCI_MANIFEST,
      tag: tag(to),
    });
  }

  async function review(image: string): Promise<Answer> {
    const body = JSON.stringify(podReview([image]));
    const text = await new Promise<string>((resolve, reject) => {
      const call = request(
        `${url}/mutate?timeout=10s`,
        { method: 'POST', agent, headers: { 'Content-Type': 'application/json' } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks).toString()));
        },
      );
      call.on('error', reject);
      call.end(body);
    });
    return (JSON.parse(text) as { response: Answer }).response;
  }

  /** Resolves to the URL that standalone prints when it answers; keeps its certificate authority. */
  async function readyLine(child: ChildProcess): Promise<string> {
    let [out, err] = ['', ''];
    child.stderr?.on('data', (data: Buffer) => (err += data.toString()));
    return await new Promise((resolve, reject) => {
      child.stdout?.on('data', (data: Buffer) => {
        out += data.toString();
        const ready = /^ready (\S+)$/m.exec(out)?.[1];
        const ca = /^certificate authority: (\S+)$/m.exec(err)?.[1];
        if (ready === undefined || ca === undefined) return;
        agent = new Agent({ keepAlive: true, ca: readFileSync(ca) });
        resolve(ready);
      });
      child.once('exit', () => reject(new Error(`standalone ended: ${err}`)));
    });
  }

  function values(): string {
    const block = (pem: string, indent: number): string =>
      pem.trim().replaceAll('\n', `\n${' '.repeat(indent)}`);
    return `application:
  validators:
    - { name: deny, type: static, approve: false }
    - name: team
      type: cosign
      host:
        rekorPubkey: |
          ${block(log.log.publicKeyPem, 10)}
      trustRoots:
        - name: alice
          key: |
            ${block(alice.publicKeyPem, 12)}
        - name: bob
          key: |
            ${block(bob.publicKeyPem, 12)}
  policy:
    - { pattern: "*:*", validator: deny }
    - pattern: "${registry.host}/single/*:*"
      validator: team
      with: { trustRoot: alice }
    - pattern: "${registry.host}/two/*:*"
      validator: team
      with: { trustRoot: "*", threshold: 2 }
`;
  }
});

interface SignatureManifest {
  config: { digest: string; mediaType: string };
  layers: { digest: string; mediaType: string; annotations?: Record<string, string> }[];
}
