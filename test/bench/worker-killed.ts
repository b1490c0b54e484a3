import { once } from 'node:events';

import { type Child, endChild } from './children.js';
import type { Measurement } from './bench.js';
import { Connection } from './connection.js';
import { podReview } from './reviews.js';
import { median } from './statistics.js';

const ROUNDS = 5;
const JOB_MS = 300;
const INTO_JOB_MS = 20;

/** Two verifiers, a job of 300 ms; the one that has it is killed 20 ms into it, before a hedge. From the kill to the verdict, less the job. */
export const workerKilled: Measurement = {
  rows: ['worker-killed'],
  measure: async (bench) => {
    const { world, gateway, verifier, host } = await bench.free();
    const connection = await Connection.open(gateway.port);
    let workers: Child[] = [verifier, await world.freeVerifier('verifier-2')];
    const took: number[] = [];
    while (took.length < ROUNDS) {
      await world.untilVerifiers(gateway, 2);
      const image = `${host}/takes-${JOB_MS}/round-${took.length}:v1`;
      const begun = Promise.race(
        workers.map(async (worker) => (await once(worker.process, 'message'), worker)),
      );
      const answer = connection.post('/mutate?timeout=10s', podReview(image));
      const busy = await begun;
      await new Promise((resolve) => setTimeout(resolve, INTO_JOB_MS));
      const killed = performance.now();
      await endChild(busy);
      const { body } = await answer;
      took.push(performance.now() - killed - JOB_MS);
      if (!body.includes('"allowed":true')) throw new Error(`expected an admission, got ${body}`);
      bench.say(`  ${took.at(-1)?.toFixed(0)} ms`);
      const fresh = await world.freeVerifier(`verifier-${took.length + 2}`);
      workers = [...workers.filter((worker) => worker !== busy), fresh];
    }
    connection.close();
    return [{ id: 'worker-killed', value: median(took) }];
  },
};
