/** What one row of the table must hold; `of` says whether its targets are for the ratio to the floor or for the value. */
export interface RowTarget {
  readonly what: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly of: 'ratio' | 'value';
  readonly must: number;
  readonly stretch: number | null;
}

/** What a measurement found; `floor` in the same unit, from the same run. */
export interface Measured {
  readonly id: RowId;
  readonly value: number;
  readonly floor?: number;
  readonly ratio?: number;
}

/** One line of `--json`. */
export interface Row {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly floor: number | null;
  readonly ratio: number | null;
  readonly must: number;
  readonly stretch: number | null;
}

const target = (
  what: string,
  unit: string,
  [better, of]: readonly ['higher' | 'lower', 'ratio' | 'value'],
  must: number,
  stretch: number | null = null,
): RowTarget => ({ what, unit, better, of, must, stretch });

const HIGHER_RATIO = ['higher', 'ratio'] as const;
const LOWER_RATIO = ['lower', 'ratio'] as const;
const HIGHER = ['higher', 'value'] as const;
const LOWER = ['lower', 'value'] as const;

/** The numbers to hold. */
export const TARGETS = {
  'cached-small': target('cached admission, decision written, 6.8 KB', 'req/s', HIGHER_RATIO, 0.7, 0.85),
  'cached-big': target('cached admission, decision written, 100 KB', 'req/s', HIGHER_RATIO, 0.8, 0.95),
  'cached-p99': target('p99 of cached-small', 'ms', LOWER_RATIO, 2, 1.4),
  'paced-p99': target('p99 cached at 2 000/s, open loop', 'ms', LOWER_RATIO, 2, 1.3),
  'two-gateways': target('two gateway processes; floor: two bare servers', '× one', HIGHER, 1.8, 1.95),
  'two-gateways-cpu': target('the same in CPU: 2 × a request alone ÷ one beside', '× one', HIGHER, 1.8, 1.95),
  uncached: target('uncached, verification free: p50 over the floor’s', 'ms', LOWER, 0.5, 0.25),
  'trips-legacy-tag': target('round trips, legacy signature, tag', 'trips', LOWER, 2),
  'trips-legacy-digest': target('round trips, legacy signature, digest', 'trips', LOWER, 1),
  'trips-bundle-tag': target('round trips, bundle as referrer, tag', 'trips', LOWER, 4),
  'trips-bundle-digest': target('round trips, bundle as referrer, digest', 'trips', LOWER, 3),
  cold: target('cold admission in all, registry on loopback, p50', 'ms', LOWER, 5, 2),
  'cold-cpu': target('CPU of one cold verification; floor: the signature', 'ms', LOWER, 1.5, 0.5),
  'notary-chain': target('CPU of notary trust data, first look; floor: parse, check', 'ms', LOWER, 1.3),
  'notary-revalidation': target('CPU of a new notary timestamp; floor: parse, check', 'ms', LOWER, 0.3),
  'notary-large': target(
    'CPU of a first look at 5 000 targets; floor: parse, check',
    'ms',
    LOWER_RATIO,
    8,
    4,
  ),
  'herd-verifications': target('500 equal images at once: verifications', '', LOWER, 1),
  'herd-time': target('500 equal images; floor: one + 500 bare', 'ms', LOWER_RATIO, 1.1),
  'worker-killed': target('worker kill -9 → verdict, beyond the job', 'ms', LOWER, 1200, 500),
  'redis-killed': target('Redis kill -9 + restart → service', 'ms', LOWER, 200, 50),
  'redis-lost': target('decisions lost over it', 'decisions', LOWER, 0),
  start: target('gateway: spawn → ready', 'ms', LOWER, 600, 420),
  resident: target('gateway: resident at rest', 'MB', LOWER, 180, 140),
} as const satisfies Record<string, RowTarget>;

export type RowId = keyof typeof TARGETS;

/** A measurement beside its targets. */
export function rowOf({ id, value, floor, ratio }: Measured): Row {
  const { what, unit, better, must, stretch } = TARGETS[id];
  const rounded = (number: number | undefined): number | null =>
    number === undefined ? null : Number(number.toPrecision(4));
  return {
    id,
    what,
    value: Number(value.toPrecision(4)),
    unit,
    better,
    floor: rounded(floor),
    ratio: rounded(ratio),
    must,
    stretch,
  };
}

/** How a row stands to its targets. */
export function standing(row: Row, of: 'ratio' | 'value'): 'stretch' | 'must' | 'MISSED' {
  const number = of === 'ratio' ? (row.ratio ?? Number.NaN) : row.value;
  const holds = (limit: number): boolean => (row.better === 'higher' ? number >= limit : number <= limit);
  if (row.stretch !== null && holds(row.stretch)) return 'stretch';
  return holds(row.must) ? 'must' : 'MISSED';
}
