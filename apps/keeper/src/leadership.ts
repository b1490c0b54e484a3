import {
  type KubernetesApi,
  KubernetesError,
  type KubernetesObject,
  isJsonObject,
  orAbsent,
} from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { leasePlace } from './places.js';

/** A keeper that has not renewed for this long is gone. */
export const LEASE_SECONDS = 30;
const MANAGER = { fieldManager: 'connaisseur-keeper' };

/** One keeper at a time, by a Lease. Two that are sure at the same moment are told apart by the API server's versions. */
export class Leadership {
  readonly #api: KubernetesApi;
  readonly #settings: ClusterSettings;
  readonly #identity: string;
  readonly #now: () => Date;

  constructor(api: KubernetesApi, settings: ClusterSettings, identity: string, now: () => Date) {
    this.#api = api;
    this.#settings = settings;
    this.#identity = identity;
    this.#now = now;
  }

  /** True if we lead from now on; takes a lease that is free or over. The lease itself is made by the first `arm`. */
  async renew(signal: AbortSignal): Promise<boolean> {
    const lease = await orAbsent(this.#api.get(leasePlace(this.#settings), signal));
    if (lease === undefined || this.#isTaken(lease)) return false;
    return await this.#write(lease, this.#identity, signal);
  }

  /** Lets the next one begin at once. */
  async release(signal: AbortSignal): Promise<void> {
    const lease = await orAbsent(this.#api.get(leasePlace(this.#settings), signal));
    if (lease !== undefined && specOf(lease)['holderIdentity'] === this.#identity)
      await this.#write(lease, null, signal);
  }

  #isTaken(lease: KubernetesObject): boolean {
    const { holderIdentity, renewTime } = specOf(lease);
    if (typeof holderIdentity !== 'string' || holderIdentity === '' || holderIdentity === this.#identity)
      return false;
    const renewed = typeof renewTime === 'string' ? Date.parse(renewTime) : Number.NaN;
    return this.#now().getTime() - renewed < LEASE_SECONDS * 1000;
  }

  async #write(
    lease: KubernetesObject,
    holderIdentity: string | null,
    signal: AbortSignal,
  ): Promise<boolean> {
    const spec = { holderIdentity, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(this.#now()) };
    const patch = { metadata: { resourceVersion: lease.resourceVersion }, spec };
    try {
      await this.#api.patch(leasePlace(this.#settings), patch, MANAGER, signal);
      return true;
    } catch (error) {
      if (error instanceof KubernetesError && error.reason === 'conflict') return false;
      throw error;
    }
  }
}

/** MicroTime of the Kubernetes API. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

function specOf({ body }: KubernetesObject): Readonly<Record<string, unknown>> {
  return isJsonObject(body['spec']) ? body['spec'] : {};
}
