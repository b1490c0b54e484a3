import type { Measurement } from './bench.js';
import { Connection } from './connection.js';
import { podReview } from './reviews.js';
import { median, quantile } from './statistics.js';

const WARM_UP = 40;
const IMAGES = 200;

/** Whole cold admissions, one at a time, with the round trips on loopback among them: what is beyond them is less. */
export const cold: Measurement = {
  rows: ['cold'],
  measure: async (bench) => {
    const { gateway, floor, registry } = await bench.real(0);
    const took = new Map<number, number[]>();
    for (const { port } of [gateway, floor]) {
      const connection = await Connection.open(port);
      const times: number[] = [];
      for (const { tag } of await registry.push('legacy', WARM_UP + IMAGES)) {
        const { body, ms } = await connection.post('/mutate?timeout=10s', podReview(tag));
        if (!body.includes('"allowed":true')) throw new Error(`expected an admission, got ${body}`);
        times.push(ms);
      }
      connection.close();
      took.set(port, times.slice(WARM_UP));
    }
    const [of, bare] = [took.get(gateway.port) ?? [], took.get(floor.port) ?? []];
    bench.say(`  p50 ${median(of).toFixed(2)}, p99 ${quantile(of, 0.99).toFixed(2)} ms`);
    return [{ id: 'cold', value: median(of), floor: median(bare) }];
  },
};
