/**
 * Runs `task` over the items, `size` at once, and yields results in order. Every item gets its turn: where one failed,
 * the first failure is thrown after all others were yielded.
 */
export async function* inChunks<Item, Result>(
  items: readonly Item[],
  size: number,
  task: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  let failure: { readonly error: unknown } | undefined;
  for (let start = 0; start < items.length; start += size) {
    const results = await Promise.allSettled(items.slice(start, start + size).map(task));
    for (const result of results) {
      if (result.status === 'fulfilled') yield result.value;
      else failure ??= { error: result.reason };
    }
  }
  if (failure !== undefined) throw failure.error;
}
