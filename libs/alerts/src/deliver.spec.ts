// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { inspect } from 'node:util';

import { describe, expect, test } from 'vitest';

import { type ReceiverConfig, Secret } from '#config';
import { aDenial } from '#testing';

import { AlertSender } from './alert-sender.js';
import { deliver } from './deliver.js';
import type { DeliveryOutcome } from './delivery-outcome.js';
import { routeAlert } from './route-alert.js';
import { TemplateCatalogue } from './template-catalogue.js';
import type { AlertAnswer, AlertRequest, AlertTransport } from './transport.js';

const CANARY = 'CANARY0123456789';
const NOW = Date.UTC(2026, 10, 20);

function receiver(fields: Partial<ReceiverConfig> = {}): ReceiverConfig {
  return {
    name: 'slack-0',
    template: 'slack',
    receiverUrl: new Secret(`https://hooks.example/services/${CANARY}`),
    priority: 3,
    customHeaders: [{ name: 'Authorization', value: new Secret(`GenieKey ${CANARY}`) }],
    payloadFields: undefined,
    failIfAlertSendingFails: false,
    ...fields,
  };
}

/** Answers as it is told and keeps what it was asked. */
class ScriptedTransport implements AlertTransport {
  readonly requests: AlertRequest[] = [];
  readonly #answer: () => Promise<AlertAnswer>;

  constructor(
    answer: Partial<{ status: number; headers: Record<string, string>; body: string }> | Error | 'hang',
  ) {
    this.#answer = () => {
      if (answer instanceof Error) return Promise.reject(answer);
      if (answer === 'hang') return new Promise(() => undefined);
      const { status = 200, headers = {}, body = 'ok' } = answer;
      return Promise.resolve({ status, headers: new Map(Object.entries(headers)), body: Buffer.from(body) });
    };
  }

  async request(request: AlertRequest, signal: AbortSignal): Promise<AlertAnswer> {
    this.requests.push(request);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`aborted ${request.url.href}`)), {
        once: true,
      });
    });
    return await Promise.race([this.#answer(), aborted]);
  }
}

const PAYLOAD = { body: '{"a":1}', alertId: 'a1', eventId: 'e1' };

async function attempt(
  transport: AlertTransport,
  config = receiver(),
  signal = new AbortController().signal,
): Promise<DeliveryOutcome> {
  return await deliver(config, { payload: PAYLOAD, timeoutMs: 30, now: NOW }, transport, signal);
}

describe('F19: what an answer means', () => {
  const slack = { receiverUrl: new Secret('https://hooks.slack.com/services/T/B/x') };

  test.for<{
    name: string;
    answer: ConstructorParameters<typeof ScriptedTransport>[0];
    config?: Partial<ReceiverConfig>;
    outcome: Partial<Record<string, unknown>>;
  }>([
    { name: '200', answer: { status: 200 }, outcome: { kind: 'delivered', status: 200 } },
    {
      name: '202',
      answer: { status: 202, body: '{"result":"Request will be processed"}' },
      outcome: { kind: 'delivered' },
    },
    { name: '204', answer: { status: 204, body: '' }, outcome: { kind: 'delivered' } },
    {
      name: 'A05: 302',
      answer: { status: 302, headers: { location: 'http://169.254.169.254/' } },
      outcome: { kind: 'dead', reason: 'REDIRECTED' },
    },
    { name: '400', answer: { status: 400 }, outcome: { kind: 'dead', reason: 'REFUSED' } },
    { name: '401', answer: { status: 401 }, outcome: { kind: 'dead', reason: 'REFUSED' } },
    { name: '404', answer: { status: 404 }, outcome: { kind: 'dead', reason: 'REFUSED' } },
    { name: '408', answer: { status: 408 }, outcome: { kind: 'retry', reason: 'TIMED_OUT' } },
    { name: '413', answer: { status: 413 }, outcome: { kind: 'dead', reason: 'REFUSED' } },
    {
      name: '429 with seconds',
      answer: { status: 429, headers: { 'retry-after': '7' } },
      outcome: { kind: 'retry', reason: 'RATE_LIMITED', afterMs: 7000 },
    },
    {
      name: '429 with a date',
      answer: { status: 429, headers: { 'retry-after': 'Fri, 20 Nov 2026 00:00:09 GMT' } },
      outcome: { kind: 'retry', reason: 'RATE_LIMITED', afterMs: 9000 },
    },
    {
      name: '429 with a year',
      answer: { status: 429, headers: { 'retry-after': '31536000' } },
      outcome: { kind: 'retry', afterMs: 3_600_000 },
    },
    {
      name: '429 with a past date',
      answer: { status: 429, headers: { 'retry-after': 'Fri, 20 Nov 2020 00:00:09 GMT' } },
      outcome: { kind: 'retry', afterMs: 250 },
    },
    {
      name: '429 with nonsense',
      answer: { status: 429, headers: { 'retry-after': 'soon' } },
      outcome: { kind: 'retry', reason: 'RATE_LIMITED' },
    },
    { name: '500', answer: { status: 500 }, outcome: { kind: 'retry', reason: 'SERVER_ERROR' } },
    { name: '503', answer: { status: 503 }, outcome: { kind: 'retry', reason: 'SERVER_ERROR' } },
    { name: '101', answer: { status: 101 }, outcome: { kind: 'retry', reason: 'UNEXPECTED_ANSWER' } },
    {
      name: 'A18: Slack says ok',
      answer: { status: 200, body: 'ok' },
      config: slack,
      outcome: { kind: 'delivered' },
    },
    {
      name: 'A18: Slack says ok in JSON',
      answer: { status: 200, body: '{"ok":true}' },
      config: slack,
      outcome: { kind: 'delivered' },
    },
    {
      name: 'A18: Slack says no with 200',
      answer: { status: 200, body: '{"ok":false,"error":"no_service"}' },
      config: slack,
      outcome: { kind: 'dead', reason: 'REFUSED' },
    },
    {
      name: 'A18: a proxy’s page with 200',
      answer: { status: 200, body: '<html>log in</html>' },
      config: slack,
      outcome: { kind: 'retry', reason: 'UNEXPECTED_ANSWER' },
    },
    {
      name: 'A18: the same from an unknown host is 2xx',
      answer: { status: 200, body: '<html>' },
      outcome: { kind: 'delivered' },
    },
    { name: 'nothing at all', answer: 'hang', outcome: { kind: 'retry', reason: 'TIMED_OUT' } },
    {
      name: 'a transport that timed out',
      answer: fault('timed-out'),
      outcome: { kind: 'retry', reason: 'TIMED_OUT' },
    },
    {
      name: 'no connection',
      answer: fault('unreachable'),
      outcome: { kind: 'retry', reason: 'UNREACHABLE' },
    },
    {
      name: 'an answer without an end',
      answer: fault('too-large'),
      outcome: { kind: 'retry', reason: 'UNEXPECTED_ANSWER' },
    },
    {
      name: 'an address that is forbidden',
      answer: fault('refused-by-policy'),
      outcome: { kind: 'dead', reason: 'FORBIDDEN_ADDRESS' },
    },
    {
      name: 'an error of another kind',
      answer: new Error(`connect https://${CANARY}`),
      outcome: { kind: 'retry', reason: 'UNREACHABLE' },
    },
  ])('$name', async ({ answer, config, outcome }) => {
    expect(await attempt(new ScriptedTransport(answer), receiver(config))).toMatchObject(outcome);
  });

  test('the meaning of Slack’s words reaches the person on call', async () => {
    const outcome = await attempt(new ScriptedTransport({ status: 404, body: 'no_service' }));
    expect(outcome.kind === 'dead' && outcome.message).toContain(
      'no_service: the Slack app or the webhook was removed',
    );
  });

  test('an attempt that is given up says so', async () => {
    expect(await attempt(new ScriptedTransport('hang'), receiver(), AbortSignal.abort())).toMatchObject({
      kind: 'retry',
      reason: 'CANCELLED',
    });
  });
});

function fault(reason: string): Error {
  return Object.assign(new Error(`https://hooks.example/services/${CANARY} ${reason}`), {
    reason,
    detail: 'ECONNRESET',
  });
}

describe('the request', () => {
  test('A16: carries ids, the body and the administrator’s headers', async () => {
    const transport = new ScriptedTransport({});
    await attempt(transport);
    expect(transport.requests[0]).toMatchObject({
      method: 'POST',
      body: '{"a":1}',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'a1',
        'x-connaisseur-event-id': 'e1',
        authorization: `GenieKey ${CANARY}`,
      },
      insecurePlainHttp: false,
      reach: 'private',
    });
  });

  test.for<{ name: string; headers: readonly (readonly [string, string])[]; sent: boolean }>([
    {
      name: 'a content type of the administrator replaces ours',
      headers: [['content-TYPE', 'application/cloudevents+json']],
      sent: true,
    },
    { name: 'A04: a line break in a value', headers: [['X-A', 'a\r\nX-B: c']], sent: false },
    { name: 'A04: a line break in a name', headers: [['X-A\r\nX-B', 'c']], sent: false },
    { name: 'A04: an empty name', headers: [['', 'c']], sent: false },
    { name: 'A04: a value outside Latin-1', headers: [['X-A', 'π']], sent: false },
    { name: 'framing', headers: [['Transfer-Encoding', 'chunked']], sent: false },
    { name: 'another host', headers: [['Host', 'internal']], sent: false },
  ])('$name', async ({ headers, sent }) => {
    const transport = new ScriptedTransport({});
    const customHeaders = headers.map(([name, value]) => ({ name, value: new Secret(value) }));
    const outcome = await attempt(transport, receiver({ customHeaders }));
    expect(outcome).toMatchObject(
      sent ? { kind: 'delivered' } : { kind: 'dead', reason: 'INVALID_RECEIVER' },
    );
    expect(transport.requests.map((request) => request.headers['content-type'])).toEqual(
      sent ? [headers[0]?.[1]] : [],
    );
  });

  test.for([
    {
      name: 'plain http is allowed where the URL says it',
      url: 'http://receiver.svc/x',
      request: { insecurePlainHttp: true, reach: 'private' },
    },
    {
      name: 'this machine is meant where the URL says it',
      url: 'http://127.0.0.1:1/x',
      request: { insecurePlainHttp: true, reach: 'loopback' },
    },
    {
      name: 'a user in the URL becomes basic authentication',
      url: 'https://u:p%40@h.example/',
      request: { headers: { authorization: 'Basic dTpwQA==' } },
    },
  ])('$name', async ({ url, request }) => {
    const transport = new ScriptedTransport({});
    await attempt(transport, receiver({ receiverUrl: new Secret(url), customHeaders: [] }));
    expect(transport.requests).toMatchObject([request]);
    expect(transport.requests[0]?.url.username).toBe('');
  });

  test.for([
    { name: 'no URL', url: 'hooks' },
    { name: 'another scheme', url: 'file:///etc/passwd' },
  ])('$name', async ({ url }) => {
    expect(
      await attempt(new ScriptedTransport({}), receiver({ receiverUrl: new Secret(url) })),
    ).toMatchObject({ kind: 'dead', reason: 'INVALID_RECEIVER' });
  });
});

test.for<{ name: string; answer: ConstructorParameters<typeof ScriptedTransport>[0] }>([
  { name: 'an error of the transport', answer: fault('unreachable') },
  { name: 'an unknown error', answer: new Error(CANARY) },
  { name: 'no answer', answer: 'hang' },
  { name: 'a body that echoes the request', answer: { status: 400, body: `bad token ${CANARY}` } },
  {
    name: 'headers that echo the request',
    answer: { status: 302, headers: { location: `https://x/${CANARY}` } },
  },
  { name: 'JSON that echoes the request', answer: { status: 403, body: JSON.stringify({ error: CANARY }) } },
])('A09, A10: no secret leaves through $name', async ({ answer }) => {
  const outcome = await attempt(new ScriptedTransport(answer));
  expect(inspect(outcome, { depth: 10 }) + JSON.stringify(outcome)).not.toContain(CANARY);
});

describe('sending', () => {
  const alerting = { clusterIdentifier: 'prod', admit: [], reject: [receiver()] };
  const [route] = routeAlert(alerting, aDenial());

  async function send(
    text: string | undefined,
  ): Promise<{ outcome: DeliveryOutcome; requests: readonly AlertRequest[] }> {
    if (route === undefined) throw new TypeError('expected a route');
    const templates = new TemplateCatalogue(
      text === undefined ? [] : [{ name: 'slack', file: 'slack.json', text }],
    );
    const transport = new ScriptedTransport({});
    const sender = new AlertSender({ templates, transport, timeoutMs: 100, now: () => NOW });
    const outcome = await sender.send(
      route,
      { record: aDenial(), clusterIdentifier: 'prod' },
      new AbortController().signal,
    );
    return { outcome, requests: transport.requests };
  }

  test('renders and delivers', async () => {
    const { outcome, requests } = await send('{"text":"{{ cluster }} {{ code }}"}');
    expect(outcome.kind).toBe('delivered');
    expect(requests.map(({ body }) => body)).toEqual(['{"text":"prod CNS-1004"}']);
    expect(requests[0]?.headers['idempotency-key']).toBe(route?.alertId);
  });

  test.for([
    { name: 'an empty template is skipped', text: '', outcome: { kind: 'skipped' } },
    {
      name: 'a missing template may come back',
      text: undefined,
      outcome: { kind: 'retry', reason: 'NOT_RENDERED' },
    },
    {
      name: 'a template with a fault is no template',
      text: '{"a":"{{ nope }}"}',
      outcome: { kind: 'retry', reason: 'NOT_RENDERED' },
    },
  ])('$name', async ({ text, outcome }) => {
    const sent = await send(text);
    expect(sent.outcome).toMatchObject(outcome);
    expect(sent.requests).toEqual([]);
  });
});
