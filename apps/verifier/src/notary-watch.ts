import type { VersionFloorEvent } from '#bus';
import { counterIn, gaugeIn, type Logger } from '#observability';
import type { NotaryEvent } from '#validator-notaryv1';
import type { Counter, Gauge, Registry } from 'prom-client';

interface ServerState {
  readonly reachable: boolean;
  /** Why not. */
  readonly reason?: string;
  /** ISO 8601. */
  readonly since: string;
}

/** Servers are named by the configuration; more than this many have come and gone with it. */
const MAX_SERVERS = 100;

/** What a verifier knows of its notary servers: for readiness detail, metrics and the log. Never a reason to be unready. */
export class NotaryWatch {
  readonly #servers = new Map<string, ServerState>();
  readonly #up: Gauge<'server'>;
  readonly #events: Counter<'event'>;
  readonly #log: Logger;
  readonly #now: () => number;

  constructor(registry: Registry, log: Logger, now: () => number) {
    this.#log = log;
    this.#now = now;
    this.#up = gaugeIn(registry, {
      name: 'connaisseur_notary_server_up',
      help: '1 while a notary server answered the last time that it was asked',
      labelNames: ['server'],
    });
    this.#events = counterIn(registry, {
      name: 'connaisseur_notary_events_total',
      help: 'Rollbacks that were not followed, resets, unreachable servers, forged records of versions',
      labelNames: ['event'],
    });
  }

  /** What validators tell. */
  readonly observe = (event: NotaryEvent): void => {
    switch (event.kind) {
      case 'answered':
        return this.#put(event.server, undefined);
      case 'failed':
        this.#events.inc({ event: 'failed' });
        return this.#put(event.server, event.reason);
      case 'rollback': {
        this.#events.inc({ event: 'rollback' });
        const { server, collection, message } = event;
        const text = 'the notary server offers older trust data than it did before; they are not used';
        return this.#log.warn({ server, collection, why: message }, text);
      }
      case 'reset': {
        this.#events.inc({ event: 'reset' });
        const { server, collection } = event;
        return this.#log.warn(
          { server, collection },
          'an operator has reset the versions of this collection',
        );
      }
    }
  };

  /** What the memory of versions tells. */
  readonly observeFloors = (event: VersionFloorEvent): void => {
    if (event.kind === 'stored') return;
    this.#events.inc({ event: `floor-${event.kind}` });
    if (event.kind === 'forged')
      this.#log.warn({ fault: event.fault }, 'versions of trust data: forged record');
    else this.#log.debug({ err: event.cause }, 'versions of trust data: Redis failed');
  };

  /** By server. */
  report(): Record<string, ServerState> {
    return Object.fromEntries(this.#servers);
  }

  #put(server: string, reason: string | undefined): void {
    const before = this.#servers.get(server);
    const reachable = reason === undefined;
    this.#up.set({ server }, reachable ? 1 : 0);
    if (before !== undefined && before.reachable === reachable && before.reason === reason) return;
    this.#servers.delete(server);
    const since = new Date(this.#now()).toISOString();
    this.#servers.set(server, { reachable, ...(reason === undefined ? {} : { reason }), since });
    const [oldest] = this.#servers.keys();
    if (this.#servers.size <= MAX_SERVERS || oldest === undefined) return;
    this.#servers.delete(oldest);
    this.#up.remove({ server: oldest });
  }
}
