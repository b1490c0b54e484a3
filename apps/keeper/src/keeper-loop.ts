import type { KubernetesApi } from '#kubernetes';

import type { Keeper } from './keeper.js';
import { WEBHOOK_NAME, WEBHOOK_PLACES } from './places.js';

export interface KeeperLoopOptions {
  readonly api: KubernetesApi;
  readonly keeper: Pick<Keeper, 'look' | 'release'>;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Longest time between two looks. */
  readonly everyMs: number;
}

/** One look: every request in it is bounded too. */
const LOOK_MS = 20_000;
/** Somebody who changes things in a circle does not keep us busy. */
const PAUSE_MS = 500;
const WATCH_AGAIN_MS = 5_000;
const RELEASE_MS = 2_000;

/** Looks again and again: at once after a change of a webhook configuration, else after a while. Returns when told. */
export async function runKeeperLoop(
  { api, keeper, sleep, everyMs }: KeeperLoopOptions,
  signal: AbortSignal,
): Promise<void> {
  let wake: () => void = () => undefined;
  const watches = WEBHOOK_PLACES.map(async ({ kind }) => {
    while (!isOver(signal)) {
      try {
        for await (const _ of api.watch(kind, { fieldSelector: `metadata.name=${WEBHOOK_NAME}` }, signal))
          wake();
      } catch {
        // The looks go on without it, and count what fails.
      }
      await quietly(sleep(WATCH_AGAIN_MS, signal));
    }
  });
  while (!isOver(signal)) {
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await keeper.look(AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]));
    const rest = new AbortController();
    await Promise.race([changed, quietly(sleep(everyMs, AbortSignal.any([signal, rest.signal])))]);
    rest.abort();
    await quietly(sleep(PAUSE_MS, signal));
  }
  await Promise.all(watches);
  await quietly(keeper.release(AbortSignal.timeout(RELEASE_MS)));
}

function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** A wait that was ended is over, and so is a release that came too late. */
async function quietly(waiting: Promise<void>): Promise<void> {
  await waiting.catch(() => undefined);
}
