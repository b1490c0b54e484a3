/** The middle of some numbers: noise of the machine goes to both sides. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** Nearest-rank quantile; throws for no numbers, because nothing was measured then. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (found === undefined) throw new RangeError('expected at least one measurement');
  return found;
}
