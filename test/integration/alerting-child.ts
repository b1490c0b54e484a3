import { createPublicKey } from 'node:crypto';

import { Redis } from 'ioredis';
import { Registry } from 'prom-client';

import { createTransport } from '#registry';

import { createAlertingService } from '../../apps/alerting/src/alerting-service.js';
import { RedisDecisionSource } from '../../libs/bus/src/decisions/redis-decision-source.js';
import { Ed25519Verifier } from '../../libs/bus/src/decisions/signing.js';
import { Secret } from '../../libs/config/src/secret.js';

/** An alerting service in a process of its own, to be killed. Prints `ready` when it reads decisions. */
const [socket = '', url = '', pem = '', cluster = ''] = process.argv.slice(2);
const ignore = (): void => undefined;
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => logger };

function connect(): Redis {
  const redis = new Redis({ path: socket, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on('error', ignore);
  return redis;
}

const service = createAlertingService({
  configuration: {
    revision: 'f'.repeat(64),
    alerting: {
      clusterIdentifier: 'test',
      admit: [],
      reject: [
        {
          name: 'r',
          template: 'plain',
          receiverUrl: new Secret(url),
          priority: 3,
          customHeaders: [],
          payloadFields: undefined,
          failIfAlertSendingFails: false,
        },
      ],
    },
  },
  templates: [{ name: 'plain', file: 'plain.json', text: '{"uid":"{{ request_id }}"}' }],
  redis: connect,
  source: new RedisDecisionSource({
    redis: connect(),
    connect,
    trust: { cluster, verifier: new Ed25519Verifier(new Map([['2026-11', createPublicKey(pem)]])) },
    observe: ignore,
    now: () => performance.now(),
    claimIdleMs: 300,
    claimEveryMs: 100,
  }),
  transport: createTransport(),
  logger,
  registry: new Registry(),
  podName: 'alerting-0',
  now: Date.now,
  random: Math.random,
  delivery: {
    backoffMs: 100,
    maxBackoffMs: 300,
    timeoutMs: 600,
    lockMs: 700,
    stalledMs: 300,
    concurrency: 2,
  },
});
service.start();
process.stdout.write('ready\n');
