import type { FreeWorld, Measurement } from './bench.js';
import { pin } from './children.js';
import { Connection } from './connection.js';
import { deploymentReview } from './reviews.js';
import { median } from './statistics.js';

const ROUNDS = 7;
const REQUESTS = 250;

let serial = 0;

/** Admissions of which one image of three is new, one at a time; the verifier answers at once. Nothing is pinned. */
export const uncached: Measurement = {
  rows: ['uncached'],
  measure: async (bench) => {
    const free = await bench.free();
    const { gateway, floor, verifier, world } = free;
    for (const pid of [gateway.pid, floor.pid, verifier.pid, await world.redisPid()]) pin(pid, 'anywhere');
    await p50(free, gateway.port);
    await p50(free, floor.port);
    const rounds: { floor: number; added: number }[] = [];
    while (rounds.length < ROUNDS) {
      const bare = await p50(free, floor.port);
      const asked = await p50(free, gateway.port);
      rounds.push({ floor: bare, added: asked - bare });
      bench.say(`  floor ${bare.toFixed(3)} ms, gateway ${asked.toFixed(3)} ms`);
    }
    return [
      {
        id: 'uncached',
        value: median(rounds.map(({ added }) => added)),
        floor: median(rounds.map((round) => round.floor)),
      },
    ];
  },
};

async function p50({ host, known }: FreeWorld, port: number): Promise<number> {
  const connection = await Connection.open(port);
  const took: number[] = [];
  while (took.length < REQUESTS) {
    serial += 1;
    const body = deploymentReview([`${host}/new-${serial}:v1`, ...known.slice(1)], 6_800);
    const reply = await connection.post('/mutate?timeout=10s', body);
    if (!reply.body.includes('"allowed":true')) throw new Error(`expected an admission, got ${reply.body}`);
    took.push(reply.ms);
  }
  connection.close();
  return median(took);
}
