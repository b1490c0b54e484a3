// Over 200 lines: the one world that all attacks start from.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as tlsConnect } from 'node:tls';

import {
  type ContentDescriptor,
  CosignSigner,
  pushBundle,
  pushImage,
  pushLegacySignature,
  VirtualRegistry,
} from '#testing';

import { type KindName, reviewOf, type ReviewParts } from '../../libs/admission/test/review.js';
import { type Answer, System } from './system.js';

export { KINDS } from '../../libs/admission/test/review.js';

/** Who signed an image, as the team's rule sees it. */
export type By = 'team' | 'stranger' | 'nobody';

export interface Made {
  readonly name: string;
  readonly pinned: string;
  readonly digest: ContentDescriptor['digest'];
  readonly path: string;
  readonly pushed: ContentDescriptor;
}

/** A running system, a registry that may misbehave, and keys: trusted and not. */
export class AttackWorld {
  readonly registry: VirtualRegistry;
  readonly team = new CosignSigner('P-256');
  readonly second = new CosignSigner('P-256');
  readonly stranger = new CosignSigner('P-256');
  readonly #name: string;
  #system: System | undefined;
  #serial = 0;

  private constructor(registry: VirtualRegistry, name: string) {
    this.registry = registry;
    this.#name = name;
  }

  static async start(
    name: string,
    options: {
      readonly values?: (world: AttackWorld) => string;
      readonly alerting?: string;
      readonly verifiers?: number;
      readonly withAlerting?: boolean;
    } = {},
  ): Promise<AttackWorld> {
    const world = new AttackWorld(await VirtualRegistry.start(), name);
    const system = await System.prepare({
      values: (options.values ?? ((it: AttackWorld) => it.values()))(world),
      ...(options.alerting === undefined ? {} : { alerting: options.alerting }),
    });
    world.#system = system;
    const count = options.verifiers ?? 1;
    await Promise.all([
      system.start('gateway'),
      ...(options.withAlerting === true ? [system.start('alerting')] : []),
      ...Array.from({ length: count }, (_, index) => system.start('verifier', `verifier-${index + 1}`)),
    ]);
    if (count > 0) await world.untilVerifiers(count);
    return world;
  }

  get system(): System {
    if (this.#system === undefined) throw new Error('the system did not start');
    return this.#system;
  }

  get host(): string {
    return this.registry.host;
  }

  async untilVerifiers(count: number): Promise<void> {
    await this.system.until(async () => {
      const response = await fetch(`${this.system.service('gateway').management}/ready`);
      const { bus } = (await response.json()) as { bus: { state: string; verifiers?: number } };
      return bus.state === 'up' && bus.verifiers === count;
    }, `${count} verifiers are on the bus`);
  }

  async stop(): Promise<void> {
    await this.#system?.stop();
    await this.registry.stop();
  }

  /** Validators, the rules that every table needs, and more of both. */
  values({
    validators = '',
    rules = '',
    features = '',
    trusted = this.team,
    rest = '',
  }: {
    validators?: string;
    rules?: string;
    features?: string;
    trusted?: CosignSigner;
    rest?: string;
  } = {}): string {
    return `validators:
  - name: deny
    type: static
    approve: false
  - name: allow
    type: static
    approve: true
  - name: team
    type: cosign
    trustRoots:
      - name: default
        key: |
${indented(trusted.key.publicKeyPem, 10)}
${validators}policy:
  - pattern: "*:*"
    validator: deny
  - pattern: "registry.k8s.io/pause:*"
    validator: allow
  - pattern: "ghcr.io/acme/*:*"
    validator: allow
  - pattern: "docker.io/library/nginx:*"
    validator: allow
  - pattern: "${this.host}/*:*"
    validator: team
    with:
      verifyInTransparencyLog: false
${rules}features:
  detectionMode: false
${features}${rest}`;
  }

  /** A new image, signed by somebody or nobody. */
  async image(by: By, format: 'legacy' | 'bundle' = 'legacy', folder = ''): Promise<Made> {
    const made = await this.unsigned(folder);
    const signer = { team: this.team, stranger: this.stranger, nobody: undefined }[by];
    if (signer !== undefined) await this.sign(made, signer, format);
    return made;
  }

  async unsigned(folder = ''): Promise<Made> {
    this.#serial += 1;
    const path = `${folder}${this.#name}-${this.#serial}`;
    const pushed = await pushImage(this.registry.content, path, { tag: 'v1', content: path });
    const name = `${this.host}/${path}:v1`;
    return { name, digest: pushed.digest, pinned: `${name}@${pushed.digest}`, path, pushed };
  }

  async sign(
    { path, pushed, digest }: Made,
    signer: CosignSigner,
    format: 'legacy' | 'bundle' = 'legacy',
  ): Promise<void> {
    if (format === 'bundle') {
      await pushBundle(this.registry.content, path, pushed, signer.signBundle({ digest }));
      return;
    }
    const layer = signer.signLegacy({ digest, repository: `${this.host}/${path}` });
    await pushLegacySignature(this.registry.content, path, digest, [layer]);
  }

  /** Posts a review of any kind; the uid is new unless the parts name one. */
  async send(parts: ReviewParts, phase: 'mutate' | 'validate' = 'mutate', timeout = '10s'): Promise<Answer> {
    return (
      await this.sendRaw(
        reviewOf({ ...parts, request: { uid: randomUUID(), ...parts.request } }),
        phase,
        timeout,
      )
    ).response;
  }

  async sendRaw(
    review: unknown,
    phase: 'mutate' | 'validate' = 'mutate',
    timeout = '10s',
  ): Promise<{ apiVersion: string; response: Answer }> {
    const { status, body } = await this.system.post(`/${phase}?timeout=${timeout}`, JSON.stringify(review));
    if (status !== 200) throw new Error(`HTTP ${status}: ${body}`);
    return JSON.parse(body) as { apiVersion: string; response: Answer };
  }

  /** The answers of both webhooks to a Pod with these images. */
  async both(...images: string[]): Promise<readonly Answer[]> {
    return [await this.system.review(images), await this.system.review(images, { phase: 'validate' })];
  }

  /**
   * Bytes to the webhook as they are, over TLS; what came back until so many answers were there, the other side closed, or
   * nothing came for a while.
   */
  raw(
    chunks: readonly (string | Buffer)[],
    { quietMs = 1_500, answers = 1 }: { quietMs?: number; answers?: number } = {},
  ): Promise<{ text: string; closed: boolean }> {
    return new Promise((resolve) => {
      let text = '';
      const { gatewayPort: port } = this.system;
      const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
      const end = (closed: boolean): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve({ text, closed });
      };
      let timer = setTimeout(() => end(false), quietMs);
      socket.on('data', (data: Buffer) => {
        text += data.toString('latin1');
        if (completeAnswers(text) >= answers && !/connection: close/i.test(text)) end(false);
        clearTimeout(timer);
        timer = setTimeout(() => end(false), quietMs);
      });
      socket.on('error', () => end(true));
      socket.on('close', () => end(true));
      socket.on('secureConnect', () => {
        for (const chunk of chunks) socket.write(chunk);
      });
    });
  }

  /** Resident memory of a service, MiB. */
  memory(service: string): number {
    const { pid } = this.system.service(service).process;
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  /** Everything that the services have written. */
  outputs(names: readonly string[]): string {
    return names.map((name) => this.system.service(name).output()).join('\n');
  }
}

/** How many whole HTTP answers with a length are in a text. */
function completeAnswers(text: string): number {
  let count = 0;
  for (let at = 0; ; count += 1) {
    const head = text.indexOf('\r\n\r\n', at);
    const length = /content-length: (\d+)/i.exec(text.slice(at, head))?.[1];
    if (head === -1 || length === undefined || text.length < head + 4 + Number(length)) return count;
    at = head + 4 + Number(length);
  }
}

/** One entry for a list of a pod spec that holds this image. */
export function entryOf(list: ImageListName, image: unknown): object {
  return list === 'volumes' ? { name: 'x', image: { reference: image } } : { name: 'x', image };
}

export const LISTS = ['containers', 'initContainers', 'ephemeralContainers', 'volumes'] as const;
export type ImageListName = (typeof LISTS)[number];

/** A pod spec with one trusted container, and one more entry in a list. */
export function specWith(list: ImageListName, image: unknown, main: string): Record<string, unknown> {
  const containers = [{ name: 'main', image: main }];
  if (list === 'containers') return { containers: [...containers, entryOf(list, image)] };
  return { containers, [list]: [entryOf(list, image)] };
}

/** Pointer of that entry's image in an object of this kind. */
export function pointerOf(at: string, list: ImageListName): string {
  const index = list === 'containers' ? 1 : 0;
  return `${at}/${list}/${index}/${list === 'volumes' ? 'image/reference' : 'image'}`;
}

export function indented(pem: string, by: number): string {
  return pem
    .trim()
    .split('\n')
    .map((line) => ' '.repeat(by) + line)
    .join('\n');
}

export type { KindName };
