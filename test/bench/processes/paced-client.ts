// Open loop: sends at a fixed rate whether or not answers come, and reports how long each took from when it was due.
import { readFileSync } from 'node:fs';

import { Connection } from '../connection.js';

const CONNECTIONS = 64;
const [port = 0, perSecond = 0, seconds = 0] = process.argv.slice(2, 5).map(Number);
const body = readFileSync(process.argv[5] ?? '');
const free = await Connection.openMany(port, CONNECTIONS);
const waiting: number[] = [];
const took: number[] = [];
const total = perSecond * seconds;
const began = performance.now();
let sent = 0;

const timer = setInterval(() => {
  const now = performance.now();
  const due = Math.min(total, Math.floor(((now - began) / 1000) * perSecond));
  for (; sent < due; sent += 1) start(now);
  if (sent === total) clearInterval(timer);
}, 1);

function start(due: number): void {
  const connection = free.pop();
  if (connection === undefined) waiting.push(due);
  else send(connection, due);
}

function send(connection: Connection, due: number): void {
  void connection.post('/mutate?timeout=10s', body).then(({ status }) => {
    if (status !== 200) throw new Error(`expected 200, got ${status}`);
    took.push(performance.now() - due);
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else send(connection, next);
    if (took.length === total) process.send?.(took, () => process.exit(0));
  });
}
