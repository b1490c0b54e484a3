import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FreeWorld, Measurement } from './bench.js';
import { Connection } from './connection.js';
import { podReview } from './reviews.js';
import { median } from './statistics.js';

const ROUNDS = 5;
const DOWN_MS = 500;
const EVERY_MS = 10;
const GIVE_UP_MS = 10_000;

/**
 * Redis is killed under load and started again. Service is back when an admission is allowed that only a verifier on the
 * bus could allow; counted from when Redis accepts. Every decision over the outage must be on the stream afterwards.
 */
export const redisKilled: Measurement = {
  rows: ['redis-killed', 'redis-lost'],
  measure: async (bench) => {
    const free = await bench.free();
    const took: number[] = [];
    let lost = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const result = await outage(free, round);
      took.push(result.ms);
      lost += result.lost;
      bench.say(
        `  back after ${result.ms.toFixed(0)} ms, ${result.admissions} decisions, ${result.lost} lost`,
      );
    }
    return [
      { id: 'redis-killed', value: median(took) },
      { id: 'redis-lost', value: lost },
    ];
  },
};

async function outage(
  free: FreeWorld,
  round: number,
): Promise<{ ms: number; admissions: number; lost: number }> {
  const { world, gateway, host } = free;
  const uids: string[] = [];
  const answers: Promise<void>[] = [];
  const connections = await Connection.openMany(gateway.port, 64);
  let accepts = Number.POSITIVE_INFINITY;
  const service: { back?: number } = {};
  const admit = async (): Promise<void> => {
    const connection = connections.pop();
    if (connection === undefined) return;
    const uid = randomUUID();
    const begun = performance.now();
    const image = `${host}/outage-${round}-${uids.push(uid)}:v1`;
    const { body } = await connection.post('/mutate?timeout=2s', podReview(image, uid));
    connections.push(connection);
    if (body.includes('"allowed":true') && begun > accepts) service.back ??= performance.now();
  };
  const timer = setInterval(() => answers.push(admit()), EVERY_MS);
  await sleep(200);
  await world.redis.kill();
  await sleep(DOWN_MS);
  await world.redis.start();
  accepts = performance.now();
  while (service.back === undefined && performance.now() - accepts < GIVE_UP_MS) await sleep(2);
  clearInterval(timer);
  await Promise.all(answers);
  for (const connection of connections) connection.close();
  const { back } = service;
  if (back === undefined) throw new Error(`no admission over the bus within ${GIVE_UP_MS} ms`);
  return { ms: back - accepts, admissions: uids.length, lost: await world.missing(uids) };
}
