import { RateLimitError, UnrecoverableError } from 'bullmq';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { AlertSender, type AlertTransport, routeAlert, TemplateCatalogue } from '#alerts';
import { type ReceiverConfig, Secret } from '#config';
import { silentLogger } from '#observability';
import { aDenial } from '#testing';

import { toAlertJob } from './alert-job.js';
import { AlertingMetrics } from './alerting-metrics.js';
import { type AttemptEnd, deliverJob } from './deliver-job.js';
import { DEFAULT_DELIVERY } from './delivery-settings.js';
import { JobSeal } from './job-seal.js';

const NOW = 1_800_000_000_000;
const RECEIVER: ReceiverConfig = {
  name: 't-0',
  template: 't',
  receiverUrl: new Secret('https://x.example'),
  priority: 3,
  customHeaders: [],
  payloadFields: undefined,
  failIfAlertSendingFails: false,
};

function answering(status: number, headers: Record<string, string> = {}): AlertTransport {
  return {
    request: () =>
      Promise.resolve({ status, headers: new Map(Object.entries(headers)), body: new Uint8Array() }),
  };
}

interface Case {
  readonly name: string;
  readonly transport: AlertTransport;
  readonly attemptsMade?: number;
  readonly ageMs?: number;
  readonly data?: unknown;
  readonly id?: string;
  readonly template?: string;
  readonly throws?: abstract new (...parameters: never[]) => Error;
  readonly end: AttemptEnd;
  readonly result: string;
  readonly limitedMs?: number;
}

test.for<Case>([
  { name: 'delivered is done', transport: answering(200), end: 'delivered', result: 'delivered' },
  {
    name: 'an empty template is done',
    transport: answering(500),
    template: '{}',
    end: 'delivered',
    result: 'skipped',
  },
  { name: '500 is tried again', transport: answering(500), throws: Error, end: 'failed', result: 'retried' },
  {
    name: 'the last attempt is the last',
    transport: answering(500),
    attemptsMade: 39,
    throws: UnrecoverableError,
    end: 'dead',
    result: 'dead',
  },
  {
    name: 'the one before is not',
    transport: answering(500),
    attemptsMade: 38,
    throws: Error,
    end: 'failed',
    result: 'retried',
  },
  {
    name: '404 is a dead letter at once',
    transport: answering(404),
    throws: UnrecoverableError,
    end: 'dead',
    result: 'dead',
  },
  {
    name: '429 stops the queue and does not count',
    transport: answering(429, { 'retry-after': '7' }),
    throws: RateLimitError,
    end: 'limited',
    result: 'rate_limited',
    limitedMs: 7000,
  },
  {
    name: '429 does not count on the last attempt either',
    transport: answering(429),
    attemptsMade: 39,
    throws: RateLimitError,
    end: 'limited',
    result: 'rate_limited',
    limitedMs: 10_000,
  },
  {
    name: 'F21: a job that is none is a dead letter',
    transport: answering(200),
    data: { v: 1 },
    throws: UnrecoverableError,
    end: 'dead',
    result: 'dead',
  },
  {
    name: 'D9 a genuine job under another id, a copy, is a dead letter',
    transport: answering(200),
    id: `a${'0'.repeat(40)}`,
    throws: UnrecoverableError,
    end: 'dead',
    result: 'dead',
  },
  {
    name: 'an old alert is a dead letter',
    transport: answering(200),
    ageMs: 25 * 3_600_000,
    throws: UnrecoverableError,
    end: 'dead',
    result: 'dead',
  },
  {
    name: 'one of today is not',
    transport: answering(200),
    ageMs: 23 * 3_600_000,
    end: 'delivered',
    result: 'delivered',
  },
  {
    name: 'F21: a template with a fault may be mended',
    transport: answering(200),
    template: '{"a":"{{ no }}"}',
    throws: Error,
    end: 'failed',
    result: 'retried',
  },
])(
  '$name',
  async ({
    transport,
    attemptsMade = 0,
    ageMs = 0,
    data,
    id,
    template = '{"a":"{{ code }}"}',
    throws,
    end,
    result,
    limitedMs,
  }) => {
    const [route] = routeAlert({ clusterIdentifier: 'c', admit: [], reject: [RECEIVER] }, aDenial());
    if (route === undefined) throw new TypeError('expected a route');
    const registry = new Registry();
    const seal = new JobSeal([]);
    const ends: AttemptEnd[] = [];
    const limits: number[] = [];
    const templates = new TemplateCatalogue([{ name: 't', file: 't.json', text: template }]);
    const sender = new AlertSender({ templates, transport, timeoutMs: 1000, now: () => NOW });
    const attempt = deliverJob(
      {
        id: id ?? route.alertId,
        data: data ?? toAlertJob(route, aDenial(), seal),
        timestamp: NOW - ageMs,
        attemptsMade,
      },
      { key: 'reject-t-0', outcome: 'reject', receiver: RECEIVER, clusterIdentifier: 'c', sender },
      {
        settings: DEFAULT_DELIVERY,
        seal,
        metrics: new AlertingMetrics(registry, () => Promise.resolve(new Map())),
        logger: silentLogger,
        now: () => NOW,
        rateLimit: (ms) => Promise.resolve(void limits.push(ms)),
      },
      (how) => ends.push(how),
      new AbortController().signal,
    );
    const error: unknown = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error === undefined ? undefined : (error as Error).constructor).toBe(throws);
    expect(ends).toEqual([end]);
    expect(limits).toEqual(limitedMs === undefined ? [] : [limitedMs]);
    expect(await registry.getSingleMetricAsString('connaisseur_alerts_total')).toContain(
      `{receiver="reject-t-0",result="${result}"} 1`,
    );
  },
);
