import { join } from 'node:path';

import type { Measurement } from './bench.js';
import { firstMessage, startChild } from './children.js';
import { median } from './statistics.js';

const ROUNDS = 3;
const IMAGES = 600;

/** CPU of the verification library for one legacy signature by tag, HTTP included, in a process of its own. */
export const coldCpu: Measurement = {
  rows: ['cold-cpu'],
  measure: async (bench) => {
    const { registry, configuration } = await bench.real(0);
    const rounds: { value: number; floor: number }[] = [];
    while (rounds.length < ROUNDS) {
      const images = await registry.push('legacy', IMAGES);
      const child = startChild([
        process.execPath,
        join(import.meta.dirname, 'processes', 'verification-cpu.js'),
      ]);
      await firstMessage(child);
      child.process.send({ config: configuration, images });
      rounds.push(await firstMessage<{ value: number; floor: number }>(child));
      bench.say(`  ${JSON.stringify(rounds.at(-1))}`);
    }
    const value = median(rounds.map((round) => round.value));
    const floor = median(rounds.map((round) => round.floor));
    return [{ id: 'cold-cpu', value, floor, ratio: value / floor }];
  },
};
