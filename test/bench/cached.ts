import type { Bench, FreeWorld, Measurement } from './bench.js';
import { cpuMicroseconds, pin } from './children.js';
import { deploymentReview } from './reviews.js';
import type { Measured } from './row.js';
import { median } from './statistics.js';
import { wrk, type WrkResult, wrkScript } from './wrk.js';

const SMALL_BYTES = 6_800;
const BIG_BYTES = 100_000;
const ROUNDS = 12;
const SECONDS = 1;

/** Cached admissions with their decisions written, 16 connections; the gateway has a core, Redis and load the other. */
export const cached: Measurement = {
  rows: ['cached-small', 'cached-big', 'cached-p99'],
  measure: async (bench) => {
    const free = await bench.free();
    await place(free);
    const small = await compare(bench, free, 'small', SMALL_BYTES);
    const big = await compare(bench, free, 'big', BIG_BYTES);
    await assertNothingLost(free);
    return [
      rowOf('cached-small', small, ({ perSecond }) => perSecond),
      rowOf('cached-big', big, ({ perSecond }) => perSecond),
      rowOf('cached-p99', small, ({ p99Ms }) => p99Ms),
    ];
  },
};

/** CPU per request tells the same story where the machine is busy with something else. */
interface Run extends WrkResult {
  readonly cpuMicros: number;
}

interface Round {
  readonly floor: Run;
  readonly gateway: Run;
}

/** The cores of the method: gateway and floor on one, everything else on the other. */
export async function place({ gateway, floor, verifier, world }: FreeWorld): Promise<void> {
  pin(gateway.pid, 'gateway');
  pin(floor.pid, 'gateway');
  pin(verifier.pid, 'load');
  pin(await world.redisPid(), 'load');
}

async function compare(bench: Bench, free: FreeWorld, name: string, bytes: number): Promise<Round[]> {
  const script = wrkScript(free.world.directory, name, deploymentReview(free.known, bytes));
  // Before it counts: the first requests run code that is not compiled yet.
  for (const { port } of [free.floor, free.gateway]) await wrk(port, script, 2 * SECONDS);
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) {
    rounds.push({ floor: await run(free.floor, script), gateway: await run(free.gateway, script) });
    bench.say(`  ${name}: ${describe(rounds.at(-1))}`);
  }
  return rounds;
}

async function run({ port, pid }: { port: number; pid: number }, script: string): Promise<Run> {
  const before = cpuMicroseconds(pid) ?? 0;
  const result = await wrk(port, script, SECONDS);
  return { ...result, cpuMicros: ((cpuMicroseconds(pid) ?? 0) - before) / result.requests };
}

function describe(round: Round | undefined): string {
  return Object.entries(round ?? {})
    .map(
      ([who, { perSecond, p99Ms, cpuMicros }]: [string, Run]) =>
        `${who} ${perSecond.toFixed(0)}/s p99 ${p99Ms} ms ${cpuMicros.toFixed(0)} µs CPU`,
    )
    .join(', ');
}

function rowOf(id: Measured['id'], rounds: readonly Round[], read: (result: WrkResult) => number): Measured {
  return {
    id,
    value: median(rounds.map(({ gateway }) => read(gateway))),
    floor: median(rounds.map(({ floor }) => read(floor))),
    ratio: median(rounds.map(({ gateway, floor }) => read(gateway) / read(floor))),
  };
}

/** A decision that was dropped would have cost nothing: then there is no number. */
async function assertNothingLost({ gateway }: FreeWorld): Promise<void> {
  const body = (await (await fetch(`${gateway.management}/ready`)).json()) as { decisions: { lost: number } };
  if (body.decisions.lost > 0) throw new Error(`${body.decisions.lost} decisions were lost under load`);
}
