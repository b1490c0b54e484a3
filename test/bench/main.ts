/**
 * Prints the numbers to hold: each row against its floor in the same run, with the target beside it.
 * `npm run bench`, `npm run bench -- --json`, `npm run bench -- --only cached-small,start`
 */
import { parseArgs } from 'node:util';

import Table from 'cli-table3';

import { Bench, type Measurement } from './bench.js';
import { cached } from './cached.js';
import { cold } from './cold.js';
import { coldCpu } from './cold-cpu.js';
import { herd } from './herd.js';
import { notary } from './notary.js';
import { paced } from './paced.js';
import { redisKilled } from './redis-killed.js';
import { roundTrips } from './round-trips.js';
import { type Row, rowOf, standing, TARGETS } from './row.js';
import { start } from './start.js';
import { twoGateways } from './two-gateways.js';
import { uncached } from './uncached.js';
import { workerKilled } from './worker-killed.js';

const MEASUREMENTS: readonly Measurement[] = [
  cached,
  paced,
  uncached,
  twoGateways,
  workerKilled,
  redisKilled,
  roundTrips,
  cold,
  coldCpu,
  notary,
  herd,
  start,
];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    `npm run bench -- [--json] [--only ROW,ROW…]\nEach row is measured against its floor in the same run; a whole run takes about four minutes on a quiet machine.\nRows: ${Object.keys(TARGETS).join(', ')}\n`,
  );
  process.exit(0);
}
const wanted = values.only?.split(',');
const unknown = (wanted ?? []).filter((id) => !(id in TARGETS));
if (unknown.length > 0) {
  process.stderr.write(`no row ${unknown.join(', ')}; rows: ${Object.keys(TARGETS).join(', ')}\n`);
  process.exit(2);
}

const bench = new Bench();
const rows: Row[] = [];
let failed = false;
for (const { rows: ids, measure } of MEASUREMENTS) {
  if (wanted !== undefined && !ids.some((id) => wanted.includes(id))) continue;
  bench.say(ids.join(', '));
  try {
    const measured = (await measure(bench)).map(rowOf);
    for (const row of measured) bench.say(`  ${row.id}: ${row.value} ${row.unit} ${against(row)}`);
    rows.push(...measured);
  } catch (error) {
    failed = true;
    process.stderr.write(`${ids.join(', ')}: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
await bench.end();
process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : `${asTable(rows)}\n`);
process.exit(failed ? 1 : 0);

function against({ floor, ratio }: Row): string {
  if (floor === null) return '';
  return `(floor ${floor}${ratio === null ? '' : `, ratio ${ratio}`})`;
}

function asTable(all: readonly Row[]): string {
  const table = new Table({
    head: ['row', 'what', 'value', 'floor', 'ratio', 'must', 'stretch', ''],
    style: { head: [], border: [] },
  });
  const order = Object.keys(TARGETS);
  for (const row of all.toSorted((one, other) => order.indexOf(one.id) - order.indexOf(other.id))) {
    const { of } = TARGETS[row.id as keyof typeof TARGETS];
    const sign = row.better === 'higher' ? '≥' : '≤';
    const limit = (number: number | null): string =>
      number === null ? '' : `${sign} ${number}${of === 'ratio' ? ' ×' : ''}`;
    table.push([
      row.id,
      row.what,
      `${row.value} ${row.unit}`,
      row.floor ?? '',
      row.ratio ?? '',
      limit(row.must),
      limit(row.stretch),
      standing(row, of),
    ]);
  }
  return table.toString();
}
