import type { AdmittedWorkload } from '#contracts';

import { AdmittedWorkloads, isInForce, type OwnerPlace } from './admitted-workloads.js';

const MAX_ENTRIES = 10_000;

/** Admitted workloads of one process, for tests and for a gateway without Redis. */
export class InMemoryAdmittedWorkloads extends AdmittedWorkloads {
  readonly #records = new Map<string, AdmittedWorkload>();
  readonly #now: () => number;

  constructor({ now }: { now: () => number }) {
    super();
    this.#now = now;
  }

  get(owner: OwnerPlace, signal: AbortSignal): Promise<AdmittedWorkload | undefined> {
    const record = signal.aborted ? undefined : this.#records.get(keyOf(owner));
    return Promise.resolve(
      record !== undefined && isInForce(record, owner, this.#now()) ? record : undefined,
    );
  }

  put(workload: AdmittedWorkload): Promise<void> {
    const key = keyOf(workload);
    this.#records.delete(key);
    this.#records.set(key, structuredClone(workload));
    const [oldest] = this.#records.keys();
    if (this.#records.size > MAX_ENTRIES && oldest !== undefined) this.#records.delete(oldest);
    return Promise.resolve();
  }
}

function keyOf({ namespace, uid }: OwnerPlace): string {
  return JSON.stringify([namespace, uid]);
}
