/** Yields `work` of each item in the items' order, while up to `atOnce` of them are under way. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  atOnce: number,
): AsyncGenerator<Result, void> {
  const underway: Promise<Result>[] = [];
  let next = 0;
  while (next < items.length || underway.length > 0) {
    for (const item of items.slice(next, next + atOnce - underway.length)) {
      const result = work(item);
      // Awaited below, maybe after it has failed.
      result.catch(() => undefined);
      underway.push(result);
      next += 1;
    }
    const first = underway.shift();
    if (first !== undefined) yield await first;
  }
}
