/** Places with errors. Sets and not comparisons of all with all: a text of 1 MiB can hold ten thousands of mistakes. */
export class BrokenPaths {
  readonly #broken: ReadonlySet<string>;
  readonly #around: ReadonlySet<string>;

  constructor(paths: readonly string[]) {
    this.#broken = new Set(paths);
    this.#around = new Set(paths.flatMap(ancestry));
  }

  /** True where the path is broken itself, is part of what is broken, or has a part that is. */
  touch(path: string): boolean {
    return this.#around.has(path) || ancestry(path).some((outer) => this.#broken.has(outer));
  }
}

/** A formatted path and what is around it: `a[0].b` is in `a[0]`, in `a` and in the document. */
function ancestry(path: string): string[] {
  return [path, ...[...path.matchAll(/[.[]/g)].map(({ index }) => path.slice(0, index)), ''];
}
