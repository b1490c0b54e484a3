import { type Measurement, teach } from './bench.js';
import { pin } from './children.js';
import { deploymentReview } from './reviews.js';
import { median } from './statistics.js';
import { wrk, wrkScript } from './wrk.js';

const ROUNDS = 5;
const SECONDS = 2;

/**
 * Two gateways on one Redis against one, nothing pinned. The load takes its share of the same cores, so the floor (two
 * bare servers against one) says how much more two processes can do on this machine at all.
 */
export const twoGateways: Measurement = {
  rows: ['two-gateways'],
  measure: async (bench) => {
    const free = await bench.free();
    const { world, gateway, floor, verifier, known } = free;
    for (const pid of [gateway.pid, floor.pid, verifier.pid, await world.redisPid()]) pin(pid, 'anywhere');
    const [second, secondFloor] = [await world.gateway(), await world.floor()];
    await teach(second, known);
    const script = wrkScript(world.directory, 'two', deploymentReview(known, 6_800));
    const both = async (one: { port: number }, other: { port: number }): Promise<number> => {
      const alone = await wrk(one.port, script, SECONDS, 'anywhere');
      const shared = await Promise.all(
        [one, other].map(({ port }) => wrk(port, script, SECONDS, 'anywhere')),
      );
      return shared.reduce((sum, { perSecond }) => sum + perSecond, 0) / alone.perSecond;
    };
    await both(second, secondFloor);
    const rounds: { floor: number; gateways: number }[] = [];
    while (rounds.length < ROUNDS) {
      rounds.push({ floor: await both(floor, secondFloor), gateways: await both(gateway, second) });
      bench.say(`  ${JSON.stringify(rounds.at(-1))}`);
    }
    await world.release(second, secondFloor);
    return [
      {
        id: 'two-gateways',
        value: median(rounds.map(({ gateways }) => gateways)),
        floor: median(rounds.map((round) => round.floor)),
      },
    ];
  },
};
