import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Measurement } from './bench.js';
import { place } from './cached.js';
import { firstMessage, startChild } from './children.js';
import { deploymentReview } from './reviews.js';
import { median, quantile } from './statistics.js';

const PER_SECOND = 2_000;
const SECONDS = 3;
const ROUNDS = 6;

/** Cached admissions at a steady pace that does not wait for answers; pinned as the closed loop is. */
export const paced: Measurement = {
  rows: ['paced-p99'],
  measure: async (bench) => {
    const free = await bench.free();
    await place(free);
    const body = join(free.world.directory, 'paced.json');
    writeFileSync(body, deploymentReview(free.known, 6_800));
    const rounds: { floor: number; gateway: number }[] = [];
    while (rounds.length < ROUNDS) {
      const floor = await p99(free.floor.port, body);
      const gateway = await p99(free.gateway.port, body);
      bench.say(`  floor ${floor.toFixed(2)} ms, gateway ${gateway.toFixed(2)} ms`);
      rounds.push({ floor, gateway });
    }
    return [
      {
        id: 'paced-p99',
        value: median(rounds.map(({ gateway }) => gateway)),
        floor: median(rounds.map(({ floor }) => floor)),
        ratio: median(rounds.map(({ gateway, floor }) => gateway / floor)),
      },
    ];
  },
};

async function p99(port: number, body: string): Promise<number> {
  const script = join(import.meta.dirname, 'processes', 'paced-client.js');
  const settings = [port, PER_SECOND, SECONDS].map(String);
  const client = startChild([process.execPath, script, ...settings, body], { place: 'load' });
  return quantile(await firstMessage<number[]>(client), 0.99);
}
