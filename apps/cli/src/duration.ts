import { UsageError } from './usage-error.js';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** `30m`, `2h`, `90s` as milliseconds; throws {@link UsageError} for all else, for nothing and for more than `maxMs`. */
export function parseDuration(text: string, maxMs: number): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const milliseconds = Number(count) * (UNITS.get(unit) ?? Number.NaN);
  if (milliseconds > 0 && milliseconds <= maxMs) return milliseconds;
  throw new UsageError(
    `expected a duration like 30m or 2h, at most ${maxMs / 3_600_000}h, got ${JSON.stringify(text.slice(0, 40))}`,
  );
}
