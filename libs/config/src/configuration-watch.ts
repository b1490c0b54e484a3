import { dirname } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';

import type { Configuration } from './configuration.js';
import {
  type ConfigurationPaths,
  type ConfigurationSource,
  fileError,
  type ReadFile,
  readConfigurationSource,
} from './configuration-source.js';
import { DirectoryWatches, type WatchDirectory } from './directory-watches.js';
import type { Environment } from './environment.js';
import { ConfigurationError } from './finding.js';
import { loadConfiguration } from './load-configuration.js';
import { fingerprintOf, type Reading, readSettled } from './settled-source.js';

export interface ConfigurationWatchOptions {
  readonly paths: ConfigurationPaths;
  readonly readFile: ReadFile;
  readonly watchDirectory: WatchDirectory;
  readonly environment?: Environment;
  /** Waits without keeping the process alive; rejects when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Time between two readings that must agree: a burst of changes ends before it is taken. */
  readonly debounceMs?: number;
  /** Second net, for file systems whose changes nobody reports. */
  readonly pollMs?: number;
}

/** What happened to the configuration. A failure leaves the last good one in place. */
export type ConfigurationEvent =
  | { readonly kind: 'loaded'; readonly configuration: Configuration; readonly source: ConfigurationSource }
  | { readonly kind: 'failed'; readonly error: ConfigurationError };

type Options = Required<ConfigurationWatchOptions>;

/**
 * The current configuration, kept current. Holds a valid one at all times: the first load throws where there is none,
 * and a later text that is invalid, missing or still being written changes nothing but is told to the subscribers.
 */
export class ConfigurationWatch {
  readonly #options: Options;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(event: ConfigurationEvent) => void>();
  readonly #watches: DirectoryWatches;
  #current: Configuration;
  #source: ConfigurationSource;
  /** What was read last, good or bad: the same again is no news. */
  #seen: string;
  #isDirty = false;
  #isFollowing = false;
  #looking: Promise<void> | undefined;

  /** Loads and begins to watch; throws {@link ConfigurationError} where there is no valid configuration. */
  constructor(options: ConfigurationWatchOptions) {
    this.#options = {
      environment: {},
      sleep: (ms, until) => sleepFor(ms, undefined, { signal: until, ref: false }),
      debounceMs: 100,
      pollMs: 30_000,
      ...options,
    };
    const { paths, readFile, watchDirectory, environment } = this.#options;
    const files = 'policy' in paths ? [paths.policy] : [paths.config, paths.alerts];
    const directories = new Set(files.map((path) => dirname(path)));
    this.#watches = new DirectoryWatches(watchDirectory, directories, () => this.#onChange());
    // Before the first read, so that no change falls between.
    this.#watches.arm();
    try {
      this.#source = readConfigurationSource(paths, readFile, environment);
      this.#current = loadConfiguration(this.#source);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#seen = fingerprintOf(this.#source);
    void this.#poll();
  }

  get current(): Configuration {
    return this.#current;
  }

  /** The texts that `current` was loaded from. */
  get source(): ConfigurationSource {
    return this.#source;
  }

  /** Tells `listener` about every later event, in order; the returned function ends that. */
  subscribe(listener: (event: ConfigurationEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks at the files now; resolves when what is there is loaded or refused. Calls at the same time share one look. */
  reload(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Ends watching; nothing is emitted any more. */
  close(): void {
    this.#closing.abort();
    this.#listeners.clear();
    this.#watches.close();
  }

  #onChange(): void {
    this.#isDirty = true;
    if (!this.#isFollowing) void this.#follow();
  }

  /** Looks until nothing changed while it looked. */
  async #follow(): Promise<void> {
    this.#isFollowing = true;
    while (this.#isDirty && !this.#closed) {
      this.#isDirty = false;
      await this.reload();
    }
    this.#isFollowing = false;
  }

  async #poll(): Promise<void> {
    while (!this.#closed) {
      await this.#pause(this.#options.pollMs);
      if (this.#closed) return;
      this.#watches.arm();
      await this.reload();
    }
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const reading = await readSettled(
      () => this.#read(),
      () => this.#pause(),
    );
    if (reading === undefined || reading.fingerprint === this.#seen || this.#closed) return;
    this.#seen = reading.fingerprint;
    this.#emit(this.#judge(reading));
  }

  #judge(reading: Reading): ConfigurationEvent {
    if ('error' in reading) return { kind: 'failed', error: reading.error };
    try {
      this.#current = loadConfiguration(reading.source);
      this.#source = reading.source;
      return { kind: 'loaded', configuration: this.#current, source: this.#source };
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return { kind: 'failed', error };
    }
  }

  /** Alerts that were there do not go by themselves: a mount that is lost is not a wish. */
  #read(): ConfigurationSource {
    const { paths, readFile, environment } = this.#options;
    const source = readConfigurationSource(paths, readFile, environment);
    const lost = source.alerts === undefined ? this.#source.alerts : undefined;
    if (lost === undefined) return source;
    throw fileError('missing-file', lost.name, 'the alerts are gone; restart to go on without them');
  }

  #emit(event: ConfigurationEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Ends early and quietly when the watch is closed; whoever waits looks at `#closed` next. */
  async #pause(ms = this.#options.debounceMs): Promise<void> {
    try {
      await this.#options.sleep(ms, this.#closing.signal);
    } catch (error) {
      if (!this.#closed) throw error;
    }
  }
}
