import type { Measurement, RealWorld } from './bench.js';
import { Connection } from './connection.js';
import { podReview } from './reviews.js';
import type { RowId } from './row.js';
import { median } from './statistics.js';

const LATENCY_MS = 20;
const IMAGES = 5;
const KINDS = [
  ['trips-legacy-tag', 'legacy', 'tag'],
  ['trips-legacy-digest', 'legacy', 'digest'],
  ['trips-bundle-tag', 'bundle', 'tag'],
  ['trips-bundle-digest', 'bundle', 'digest'],
] as const satisfies readonly (readonly [RowId, 'legacy' | 'bundle', 'tag' | 'digest'])[];

/** The longest chain of requests that a cold admission waits for, counted by a registry with 20 ms a trip. */
export const roundTrips: Measurement = {
  rows: KINDS.map(([id]) => id),
  measure: async (bench) => {
    const real = await bench.real(LATENCY_MS);
    const measured = [];
    for (const [id, format, form] of KINDS) {
      const counts = await countTrips(real, format, form);
      bench.say(`  ${id}: ${JSON.stringify(counts)}`);
      measured.push({ id, value: median(counts.map(({ roundTrips: trips }) => trips)) });
    }
    return measured;
  },
};

async function countTrips(
  { gateway, registry }: RealWorld,
  format: 'legacy' | 'bundle',
  form: 'tag' | 'digest',
): Promise<{ roundTrips: number; requests: number; ms: number }[]> {
  const connection = await Connection.open(gateway.port);
  const counts = [];
  for (const image of await registry.push(format, IMAGES)) {
    await registry.journal();
    const { body, ms } = await connection.post('/mutate?timeout=10s', podReview(image[form]));
    if (!body.includes('"allowed":true')) throw new Error(`expected an admission, got ${body}`);
    counts.push({ ...(await registry.journal()), ms: Math.round(ms) });
  }
  connection.close();
  return counts;
}
