import { type Measurement, teach } from './bench.js';
import { cpuMicroseconds, pin } from './children.js';
import { deploymentReview } from './reviews.js';
import { median } from './statistics.js';
import { wrk, wrkScript } from './wrk.js';

const ROUNDS = 5;
const SECONDS = 2;

interface Server {
  readonly pid: number;
  readonly port: number;
}

/** How much more two do than one: in requests, and in requests for each second of their own CPU. */
interface Gain {
  readonly requests: number;
  readonly cpu: number;
}

/**
 * Two gateways on one Redis against one, nothing pinned. On two cores the load takes its share, S to L of a request's CPU:
 * two can do about 2 · S ÷ (S + L) times as much, whatever they are; the floor (two bare servers) says the same. What two
 * gateways cost one another, in Redis, locks and caches, shows in the CPU that a request takes: twice that of a request
 * alone, divided by that of a request beside the other gateway, is what they would do with a core each.
 */
export const twoGateways: Measurement = {
  rows: ['two-gateways', 'two-gateways-cpu'],
  measure: async (bench) => {
    const free = await bench.free();
    const { world, gateway, floor, verifier, known } = free;
    for (const pid of [gateway.pid, floor.pid, verifier.pid, await world.redisPid()]) pin(pid, 'anywhere');
    const [second, secondFloor] = [await world.gateway(), await world.floor()];
    await teach(second, known);
    const script = wrkScript(world.directory, 'two', deploymentReview(known, 6_800));
    const load = async (...servers: readonly Server[]) => await loadOn(servers, script);
    await load(second, secondFloor);
    const rounds: { floor: Gain; gateways: Gain }[] = [];
    while (rounds.length < ROUNDS) {
      rounds.push({
        floor: gain(await load(floor), await load(floor, secondFloor)),
        gateways: gain(await load(gateway), await load(gateway, second)),
      });
      bench.say(`  ${JSON.stringify(rounds.at(-1))}`);
    }
    await world.release(second, secondFloor);
    return [
      {
        id: 'two-gateways',
        value: median(rounds.map(({ gateways }) => gateways.requests)),
        floor: median(rounds.map((round) => round.floor.requests)),
      },
      {
        id: 'two-gateways-cpu',
        value: median(rounds.map(({ gateways }) => gateways.cpu)),
        floor: median(rounds.map((round) => round.floor.cpu)),
      },
    ];
  },
};

/** Requests in a second and CPU of a request, µs, over all servers. */
interface Sum {
  readonly perSecond: number;
  readonly cpu: number;
}

async function loadOn(servers: readonly Server[], script: string): Promise<Sum> {
  const used = (): number => servers.reduce((sum, { pid }) => sum + (cpuMicroseconds(pid) ?? Number.NaN), 0);
  const before = used();
  const loads = await Promise.all(
    servers.map(async ({ port }) => await wrk(port, script, SECONDS, 'anywhere')),
  );
  const after = used();
  const sum = (of: 'perSecond' | 'requests'): number => loads.reduce((total, load) => total + load[of], 0);
  return { perSecond: sum('perSecond'), cpu: (after - before) / sum('requests') };
}

function gain(one: Sum, two: Sum): Gain {
  return { requests: two.perSecond / one.perSecond, cpu: (2 * one.cpu) / two.cpu };
}
