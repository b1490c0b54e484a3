import type { Measurement } from './bench.js';
import { Connection } from './connection.js';
import { podReview } from './reviews.js';
import { median } from './statistics.js';

const LATENCY_MS = 20;
const CROWD = 500;
const ROUNDS = 5;

/**
 * 500 reviews of one new image at once over 500 open connections, 20 ms a registry trip. The floor is what cannot be
 * saved: one cold admission, and the bare server's time for 500 such requests.
 */
export const herd: Measurement = {
  rows: ['herd-verifications', 'herd-time'],
  measure: async (bench) => {
    const { gateway, floor, registry } = await bench.real(LATENCY_MS);
    const crowd = await Connection.openMany(gateway.port, CROWD);
    const bareCrowd = await Connection.openMany(floor.port, CROWD);
    const rounds: { ms: number; one: number; bare: number; verifications: number }[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const [single, shared] = await registry.push('legacy', 2);
      if (single === undefined || shared === undefined) throw new Error('expected two images');
      await registry.journal();
      const one = await timeOf(crowd.slice(0, 1), single.tag);
      const requestsOfOne = (await registry.journal()).requests;
      const ms = await timeOf(crowd, shared.tag);
      const { requests } = await registry.journal();
      const bare = await timeOf(bareCrowd, shared.tag);
      const result = { ms, one, bare, verifications: requests / requestsOfOne };
      bench.say(`  ${JSON.stringify({ ...result, requests })}`);
      // The first is for the compiler.
      if (round > 0) rounds.push(result);
    }
    for (const connection of [...crowd, ...bareCrowd]) connection.close();
    return [
      { id: 'herd-verifications', value: Math.max(...rounds.map(({ verifications }) => verifications)) },
      {
        id: 'herd-time',
        value: median(rounds.map(({ ms }) => ms)),
        floor: median(rounds.map(({ one, bare }) => one + bare)),
        ratio: median(rounds.map(({ ms, one, bare }) => ms / (one + bare))),
      },
    ];
  },
};

async function timeOf(connections: readonly Connection[], image: string): Promise<number> {
  const bodies = connections.map(() => podReview(image));
  const begun = performance.now();
  const replies = await Promise.all(
    connections.map((connection, index) =>
      connection.post('/mutate?timeout=10s', bodies[index] ?? Buffer.alloc(0)),
    ),
  );
  const ms = performance.now() - begun;
  const denied = replies.find(({ body }) => !body.includes('"allowed":true'));
  if (denied !== undefined) throw new Error(`expected an admission, got ${denied.body}`);
  return ms;
}
