import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Measurement } from './bench.js';
import { median } from './statistics.js';

const ROUNDS = 7;
const REST_MS = 1_000;

/**
 * A gateway on an otherwise idle machine: from its spawn to a 200 of the webhook's `/ready`, and its memory a second after
 * all of it is there. Redis is there; a Redis that is not costs no time, because nothing waits for it.
 */
export const start: Measurement = {
  rows: ['start', 'resident'],
  measure: async (bench) => {
    await bench.end();
    const { world } = await bench.free();
    const rounds: { ms: number; bare: number; mb: number }[] = [];
    while (rounds.length < ROUNDS) {
      const begun = performance.now();
      const bare = await world.floor();
      const bareAfter = performance.now() - begun;
      const spawned = performance.now();
      const gateway = await world.answeringGateway();
      const ms = performance.now() - spawned;
      await world.untilManaged(gateway);
      await sleep(REST_MS);
      rounds.push({ ms, bare: bareAfter, mb: residentMb(gateway.pid) });
      await world.release(gateway, bare);
      bench.say(`  ${JSON.stringify(rounds.at(-1))}`);
    }
    return [
      {
        id: 'start',
        value: median(rounds.map(({ ms }) => ms)),
        floor: median(rounds.map(({ bare }) => bare)),
      },
      { id: 'resident', value: median(rounds.map(({ mb }) => mb)) },
    ];
  },
};

function residentMb(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / 1e6;
}
