// Loaded into every process of a HostNode (`--import`): what a cluster's DNS and its Services do. CLUSTER_NAMES is a file of
// JSON, `{"name:port": "address:port"}`; names in certificates stay the ones that were asked for.
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';

const file = process.env.CLUSTER_NAMES;
const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...args) {
  // Node's own callers give one array of options and callback.
  const [first] = args;
  if (Array.isArray(first)) args[0] = Object.assign([...first], symbolsOf(first), { 0: led(first[0]) });
  else args[0] = led(first);
  return connect.apply(this, args);
};

/** A copy: TLS compares the certificate with the name in the original. */
function led(options) {
  if (typeof options !== 'object' || options === null || options.host === undefined) return options;
  const target = readTable()[`${options.host}:${options.port}`];
  if (target === undefined) return options;
  const [host, port] = target.split(':');
  return { ...options, host, port: Number(port) };
}

function symbolsOf(array) {
  return Object.fromEntries(Object.getOwnPropertySymbols(array).map((symbol) => [symbol, array[symbol]]));
}

function readTable() {
  return file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'));
}
