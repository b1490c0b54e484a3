/** Calls `onChange` after something in the directory changed; `onError` ends the watch. May throw where it cannot watch. */
export type WatchDirectory = (
  directory: string,
  onChange: () => void,
  onError: (error: unknown) => void,
) => { close(): void };

/**
 * Watches on some directories, as far as they can be watched: one that fails is tried again with the next `arm`. A
 * directory and not a file, because a mounted ConfigMap changes by a swap of the link `..data` beside it.
 */
export class DirectoryWatches {
  readonly #watchDirectory: WatchDirectory;
  readonly #directories: ReadonlySet<string>;
  readonly #onChange: () => void;
  readonly #open = new Map<string, { close(): void }>();

  constructor(watchDirectory: WatchDirectory, directories: ReadonlySet<string>, onChange: () => void) {
    this.#watchDirectory = watchDirectory;
    this.#directories = directories;
    this.#onChange = onChange;
  }

  /** Watches what is not watched yet. */
  arm(): void {
    for (const directory of this.#directories) {
      if (!this.#open.has(directory)) this.#watch(directory);
    }
  }

  close(): void {
    for (const watch of this.#open.values()) watch.close();
    this.#open.clear();
  }

  #watch(directory: string): void {
    try {
      const watch = this.#watchDirectory(directory, this.#onChange, () => {
        watch.close();
        this.#open.delete(directory);
        this.#onChange();
      });
      this.#open.set(directory, watch);
    } catch {
      // Not there, or no watches left on this machine: the poll sees changes too, and arms again.
    }
  }
}
