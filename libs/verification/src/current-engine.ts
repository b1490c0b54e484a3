import type { Configuration, ConfigurationError, ConfigurationWatch } from '#config';

import type { VerificationEngine } from './engine.js';
import { type EngineOptions, openEngine } from './open-engine.js';

export interface CurrentEngineOptions extends EngineOptions {
  readonly configuration: ConfigurationWatch;
  /** Called for the first engine too. */
  readonly onEngine: (engine: VerificationEngine) => void;
  /** A new configuration is invalid; the engine of the last good one stays. */
  readonly onFailure: (error: ConfigurationError) => void;
}

/** The engine of the configuration in force, swapped whole when a new valid one arrives. */
export class CurrentEngine {
  readonly #options: CurrentEngineOptions;
  readonly #unsubscribe: () => void;
  #engine: VerificationEngine;

  constructor(options: CurrentEngineOptions) {
    this.#options = options;
    this.#engine = this.#open(options.configuration.current);
    this.#unsubscribe = options.configuration.subscribe((event) => {
      if (event.kind === 'failed') options.onFailure(event.error);
      else this.#engine = this.#open(event.configuration);
    });
  }

  get engine(): VerificationEngine {
    return this.#engine;
  }

  close(): void {
    this.#unsubscribe();
  }

  #open(configuration: Configuration): VerificationEngine {
    const engine = openEngine(configuration, this.#options);
    this.#options.onEngine(engine);
    return engine;
  }
}
