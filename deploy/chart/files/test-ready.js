// Run by `helm test` in the image of the chart: GATEWAY is host:port of the Service.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const [hostname, port] = process.env.GATEWAY.split(':');
// The leaf itself is what we trust: its authority is the keeper's.
const ca = readFileSync('/app/certs/tls.crt');

const ask = (method, path, body) =>
  new Promise((resolve, reject) => {
    const options = { hostname, port, method, path, ca, allowPartialTrustChain: true, timeout: 10_000 };
    const call = request(options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
    call.on('error', reject);
    call.setHeader('content-type', 'application/json');
    call.end(body);
  });

const isRefused = (status) => status >= 400 && status < 500;

const ready = await ask('GET', '/ready');
const mutate = await ask('POST', '/mutate?timeout=10s', '{}');
const validate = await ask('POST', '/validate?timeout=10s', '{}');
console.log(
  `/ready: ${ready}, expected 200; no review to /mutate: ${mutate}, to /validate: ${validate}, expected 4xx`,
);
if (ready !== 200 || !isRefused(mutate) || !isRefused(validate)) process.exit(1);
