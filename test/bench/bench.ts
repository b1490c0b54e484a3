import { generateKeyPairSync } from 'node:crypto';

import { type Child } from './children.js';
import { Connection } from './connection.js';
import { RegistryProcess } from './registry-process.js';
import { deploymentReview } from './reviews.js';
import type { Measured, RowId } from './row.js';
import { configurationFor, type Floor, type Gateway, World } from './world.js';

/** One file's worth of measurements: which rows it gives, and how. */
export interface Measurement {
  readonly rows: readonly RowId[];
  readonly measure: (bench: Bench) => Promise<Measured[]>;
}

/** A world in which verification is free: what is measured is everything around it. */
export interface FreeWorld {
  readonly world: World;
  readonly gateway: Gateway;
  readonly floor: Floor;
  readonly verifier: Child;
  readonly host: string;
  /** Known to the gateway: an admission of these is a cached one. */
  readonly known: readonly string[];
}

/** The product with a registry: what is measured is the whole. */
export interface RealWorld {
  readonly world: World;
  readonly gateway: Gateway;
  readonly floor: Floor;
  readonly registry: RegistryProcess;
  readonly configuration: string;
}

/** Nothing listens there: an image of this host is admitted by the free verifier or not at all. */
const NOWHERE = '127.0.0.1:9';

/** What the measurements share; each world is made when it is first asked for. */
export class Bench {
  readonly #worlds = new Map<string, Promise<{ world: World }>>();

  say(text: string): void {
    process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
  }

  free(): Promise<FreeWorld> {
    return this.#once('free', createFreeWorld);
  }

  /** With a registry whose every answer takes this long. */
  real(latencyMs: number): Promise<RealWorld> {
    return this.#once(`real-${latencyMs}`, async () => await createRealWorld(latencyMs));
  }

  async end(): Promise<void> {
    const worlds = await Promise.allSettled(this.#worlds.values());
    this.#worlds.clear();
    for (const result of worlds) if (result.status === 'fulfilled') await result.value.world.end();
  }

  #once<T extends { world: World }>(name: string, create: () => Promise<T>): Promise<T> {
    const made = this.#worlds.get(name) ?? create();
    this.#worlds.set(name, made);
    return made as Promise<T>; // each name has one type: the two callers above
  }
}

async function createFreeWorld(): Promise<FreeWorld> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const world = await World.create(configurationFor(NOWHERE, pem));
  const verifier = await world.freeVerifier('verifier-1');
  const [gateway, floor] = await Promise.all([world.gateway(), world.floor()]);
  const known = [0, 1, 2].map((index) => `${NOWHERE}/known-${index}:v1`);
  await world.untilVerifiers(gateway, 1);
  await teach(gateway, known);
  return { world, gateway, floor, verifier, host: NOWHERE, known };
}

/** Has a gateway learn verdicts; throws where it does not admit. */
export async function teach({ port }: Gateway, images: readonly string[]): Promise<void> {
  const connection = await Connection.open(port);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { body } = await connection.post('/mutate?timeout=10s', deploymentReview(images, 0));
    if (body.includes('"allowed":true')) return connection.close();
  }
  throw new Error('the gateway does not admit what its verifier admits');
}

async function createRealWorld(latencyMs: number): Promise<RealWorld> {
  const registry = await RegistryProcess.start(latencyMs);
  const configuration = configurationFor(registry.host, registry.publicKey);
  const world = await World.create(configuration);
  const [gateway, floor] = await Promise.all([world.gateway(), world.floor(), world.verifier()]);
  await world.untilVerifiers(gateway, 1);
  return { world, gateway, floor, registry, configuration };
}
