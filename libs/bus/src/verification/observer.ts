import type { EnvelopeFault } from './error.js';

/** What a verifier does about work: reading it, staying away from it, or gone. */
export type ServerState = 'starting' | 'serving' | 'isolated' | 'closing' | 'closed';

/** Everything on the bus that an operator may want to count. Texts in it are safe to log. */
export type BusEvent =
  /** Not authentic, or not for this cluster: dropped without effect. */
  | {
      readonly kind: 'forged';
      readonly message: 'request' | 'reply' | 'quarantine' | 'mark';
      readonly fault: EnvelopeFault | 'cluster';
    }
  /** Authentic, its question open, and yet not about it: dropped. */
  | { readonly kind: 'unbound' }
  /** Nobody waits for it: unknown, or its question has ended without it. */
  | { readonly kind: 'late' }
  /** Its question was answered before; `agrees` is false where the second answer is another one. */
  | { readonly kind: 'duplicate'; readonly agrees: boolean }
  /** Asked once more; `cause` says why. */
  | {
      readonly kind: 'hedged';
      readonly attempt: number;
      readonly cause: 'slow' | 'undecided' | 'reconnected';
    }
  /** Taken over from a verifier that no longer says that it works on it. */
  | { readonly kind: 'reclaimed'; readonly count: number }
  | { readonly kind: 'dropped-past-deadline' }
  /** Who asked deleted the request while it waited here: dropped. */
  | { readonly kind: 'withdrawn'; readonly count: number }
  | { readonly kind: 'quarantined'; readonly image: string; readonly rule: string; readonly crashes: number }
  | { readonly kind: 'state'; readonly state: ServerState; readonly text: string }
  /** The handler failed with something that is no verdict. */
  | { readonly kind: 'handler-failed'; readonly error: unknown }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'reconnected' }
  | { readonly kind: 'redis-failed'; readonly error: unknown };

/** Hears of everything that happens on the bus; must not throw. */
export interface BusObserver {
  observe(event: BusEvent): void;
}

/** Hears nothing. */
export const silentObserver: BusObserver = { observe: () => undefined };
