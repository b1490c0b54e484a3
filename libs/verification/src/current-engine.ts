import { createHash } from 'node:crypto';

import type { Configuration, ConfigurationWatch } from '#config';

import type { VerificationEngine } from './engine.js';
import { type EngineOptions, newNotaryMemory, openEngine } from './open-engine.js';

export interface CurrentEngineOptions extends EngineOptions {
  readonly configuration: Pick<ConfigurationWatch, 'current' | 'subscribe'>;
  /** Called for the first engine too. */
  readonly onEngine: (engine: VerificationEngine) => void;
  /** A new configuration or secret is no good; the engine of the last good one stays. */
  readonly onFailure: (error: unknown) => void;
  /** How often the secrets are looked at, ms: the kubelet swaps their files in place. */
  readonly secretsEveryMs?: number;
}

/** As often as the kubelet syncs, give or take; ms. */
const SECRETS_EVERY_MS = 30_000;

interface Opened {
  readonly engine: VerificationEngine;
  /** What was read for it: path to a hash of what was there. */
  readonly seen: ReadonlyMap<string, string>;
}

/** The engine of the configuration in force, swapped whole when a new valid one, or a new secret, arrives. */
export class CurrentEngine {
  readonly #options: CurrentEngineOptions;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #opened: Opened;

  /** Throws where the first engine cannot be opened. */
  constructor(options: CurrentEngineOptions) {
    // A new configuration forgets no version of trust data.
    this.#options = { notary: newNotaryMemory(), ...options };
    this.#opened = this.#open(options.configuration.current);
    options.onEngine(this.#opened.engine);
    this.#unsubscribe = options.configuration.subscribe((event) => {
      if (event.kind === 'failed') options.onFailure(event.error);
      else this.#guarded(() => this.#put(this.#open(event.configuration)));
    });
    const everyMs = options.secretsEveryMs ?? SECRETS_EVERY_MS;
    this.#timer = setInterval(() => this.#guarded(() => this.lookAtSecrets()), everyMs).unref();
  }

  get engine(): VerificationEngine {
    return this.#opened.engine;
  }

  /**
   * Opens the engine again where a secret that it reads has changed. One that takes a working rule away is not taken:
   * a mount that is lost is not a wish.
   */
  lookAtSecrets(): void {
    const { engine, seen } = this.#opened;
    if ([...seen].every(([path, hash]) => this.#fingerprint(path) === hash)) return;
    const next = this.#open(engine.configuration);
    const lost = engine.configuration.policy.find(
      ({ hash }) => engine.rule(hash)?.kind === 'check' && next.engine.rule(hash)?.kind === 'fault',
    );
    if (lost === undefined) this.#put(next);
    else
      this.#options.onFailure(new Error(`the secret of validator "${lost.validator}" can no longer be read`));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  #put(opened: Opened): void {
    this.#opened = opened;
    this.#options.onEngine(opened.engine);
  }

  /** A fault of ours while a configuration comes into force must not end the one that is. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  #open(configuration: Configuration): Opened {
    const seen = new Map<string, string>();
    const readFile = (path: string): string | undefined => {
      seen.set(path, this.#fingerprint(path));
      return this.#options.readFile(path);
    };
    return { engine: openEngine(configuration, { ...this.#options, readFile }), seen };
  }

  #fingerprint(path: string): string {
    try {
      const text = this.#options.readFile(path);
      return text === undefined ? 'absent' : createHash('sha256').update(text).digest('hex');
    } catch {
      // Why it cannot be read is told where it is read for the engine.
      return 'unreadable';
    }
  }
}
