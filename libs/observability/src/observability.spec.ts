import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';

import { exitOnFault } from './exit-on-fault.js';
import { createLogger, silentLogger } from './logger.js';
import { LoopWatch } from './loop-watch.js';
import { counterIn, gaugeIn } from './metrics.js';
import { redact } from './redact.js';

describe('I6 redact', () => {
  test.for([
    { name: 'user info in a URL', text: 'https://u:canary@x.example/y' },
    { name: 'Slack’s path', text: 'https://hooks.slack.com/services/T0/B0/canary' },
    { name: 'a token in a query', text: 'https://x.example/?a=1&token=canary' },
    { name: 'a bearer token', text: 'Authorization: Bearer canary.canary' },
    { name: 'Opsgenie’s key', text: 'GenieKey canary-canary' },
    { name: 'a password in JSON', text: '{"password":"canary"}' },
    { name: 'auth of a Docker configuration', text: '{"auth": "canary"}' },
  ])('$name', ({ text }) => {
    expect(redact(text)).toContain('***');
    expect(redact(text)).not.toContain('canary');
  });

  test('leaves everything else as it is', () => {
    const text = 'CNS-1003 ghcr.io/acme/api:1@sha256:00 has no signature https://docs.example/x?y=1';
    expect(redact(text)).toBe(text);
  });

  test('G01: a megabyte costs no time', () => {
    const started = performance.now();
    redact('https://'.repeat(130_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('the log', () => {
  function logTo(format: 'json' | 'text'): { log: ReturnType<typeof createLogger>; lines: string[] } {
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    return { log: createLogger({ level: 'info', format, service: 'gateway' }, destination), lines };
  }

  test('one line of JSON for each event, with the error’s name, code and causes only', () => {
    const { log, lines } = logTo('json');
    const error = Object.assign(new TypeError('no', { cause: new Error('why') }), {
      code: 'E',
      headers: 'canary',
    });
    log.error({ err: error, n: 1 }, 'failed\nbadly');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      service: 'gateway',
      msg: 'failed\nbadly',
      n: 1,
      err: { name: 'TypeError', code: 'E', message: 'no', cause: { message: 'why' } },
    });
    expect(lines[0]).not.toContain('canary');
  });

  test('text for people, below the level nothing, a child keeps its fields', () => {
    const { log, lines } = logTo('text');
    log.debug({}, 'quiet');
    log.child({ part: 'bus' }).info({ x: 'https://u:canary@h/' }, 'hello');
    expect(lines.join('')).toMatch(/ INFO {2}gateway: hello part=bus x=https:\/\/\*\*\*@h\/\n$/);
    silentLogger.child({}).error({}, 'nobody hears');
  });
});

test('metrics of one name are shared by the services of a process', () => {
  const registry = new Registry();
  const shape = { name: 'x_total', help: 'x' };
  expect(counterIn(registry, shape)).toBe(counterIn(registry, shape));
  expect(gaugeIn(registry, { name: 'y', help: 'y' })).toBe(gaugeIn(registry, { name: 'y', help: 'y' }));
});

describe('F39 a fault that nobody caught', () => {
  class FakeProcess extends EventEmitter {
    readonly codes: number[] = [];
    exit(code: number): void {
      this.codes.push(code);
    }
  }

  test.for(['uncaughtException', 'unhandledRejection'] as const)('%s is logged and ends with 1', (event) => {
    const from = new FakeProcess();
    const told: unknown[] = [];
    const undo = exitOnFault({ ...silentLogger, error: (fields) => told.push(fields) }, from);
    from.emit(event, new RangeError('ours'));
    expect(from.codes).toEqual([1]);
    expect(told).toEqual([{ err: expect.any(RangeError) }]);
    undo();
    expect(from.listenerCount(event)).toBe(0);
  });

  test('a log that fails does not keep it alive', () => {
    const from = new FakeProcess();
    const log = {
      ...silentLogger,
      error: () => {
        throw new Error('disk full');
      },
    };
    exitOnFault(log, from);
    expect(() => from.emit('uncaughtException', new Error('ours'))).toThrow('disk full');
    expect(from.codes).toEqual([1]);
  });
});

test('S18 a loop that stands still for half a second is noticed', { tags: ['thorough'] }, async () => {
  const registry = new Registry();
  const watch = new LoopWatch(registry);
  expect(watch.report()).toEqual({ lagMs: 0, stalled: false });
  await sleep(50);
  const end = performance.now() + 700;
  while (performance.now() < end);
  await expect.poll(() => watch.report().stalled, { timeout: 3_000, interval: 20 }).toBe(true);
  expect(watch.report().lagMs).toBeGreaterThan(500);
  expect(await registry.metrics()).toMatch(/connaisseur_event_loop_stalls_total [1-9]/);
  watch.close();
});
