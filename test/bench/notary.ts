import { join } from 'node:path';

import type { Measurement } from './bench.js';
import { firstMessage, startChild } from './children.js';
import type { Measured } from './row.js';
import { median } from './statistics.js';

const ROUNDS = 3;

/** What one round found, ms of CPU; floors: `JSON.parse` and the bare signature checks of the same files. */
export interface NotaryRound {
  readonly chain: readonly [value: number, floor: number];
  readonly revalidation: readonly [value: number, floor: number];
  readonly large: readonly [value: number, floor: number];
}

/** CPU of notary trust data, no HTTP: a first look, a new timestamp, and a first look at 5 000 targets. */
export const notary: Measurement = {
  rows: ['notary-chain', 'notary-revalidation', 'notary-large'],
  measure: async (bench) => {
    const rounds: NotaryRound[] = [];
    while (rounds.length < ROUNDS) {
      const child = startChild([process.execPath, join(import.meta.dirname, 'processes', 'notary-cpu.js')]);
      await firstMessage(child);
      child.process.send('go');
      rounds.push(await firstMessage<NotaryRound>(child));
      bench.say(`  ${JSON.stringify(rounds.at(-1))}`);
    }
    const row = (id: Measured['id'], of: (round: NotaryRound) => readonly [number, number]): Measured => {
      const value = median(rounds.map((round) => of(round)[0]));
      const floor = median(rounds.map((round) => of(round)[1]));
      return { id, value, floor, ratio: value / floor };
    };
    return [
      row('notary-chain', ({ chain }) => chain),
      row('notary-revalidation', ({ revalidation }) => revalidation),
      row('notary-large', ({ large }) => large),
    ];
  },
};
