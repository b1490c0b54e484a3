// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { setTimeout as pause } from 'node:timers/promises';

import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { VerificationRequest } from '#contracts';
import { createRedis, loadStreamsTransport, readBusKeys, StreamsContext, VERIFY_PATTERN } from '#bus';
import type { VerifierAnswer, VerifyHandler } from '#bus';
import { firstValueFrom } from 'rxjs';

import { sealRequest } from '../../libs/bus/src/verification/request-envelope.js';
import {
  admitted,
  questionOf,
  says,
  undecided,
  untilAborted,
} from '../../libs/bus/src/verification/verification-bus.contract.js';
import { BusRig, CLUSTER, until } from './bus-rig.js';

const REQUESTS = '{connaisseur-bus}:requests';
const NEVER = new AbortController().signal;

let rig: BusRig;
beforeAll(async () => {
  rig = await BusRig.start();
});
afterEach(() => rig.reset());
afterAll(() => rig.stop());

function imageNumber(number: number): string {
  return `registry.example.com/app:${number}`;
}

/** Judges after a while, and notes who judged what. */
function worker(name: string, judged: string[], ms = 5): VerifyHandler {
  return async ({ image }) => {
    judged.push(`${name} ${image}`);
    await pause(ms);
    return says(admitted);
  };
}

test('H19 two verifiers compete: every request is worked on once, by either', async () => {
  const judged: string[] = [];
  await rig.verifier(worker('a', judged), { slots: 4 });
  await rig.verifier(worker('b', judged), { slots: 4 });
  const bus = await rig.gateway({ hedge: { startMs: 5000 } });
  const numbers = Array.from({ length: 200 }, (_, index) => index);
  await Promise.all(numbers.map((number) => bus.ask(questionOf(imageNumber(number)), 20_000, NEVER)));
  expect(judged).toHaveLength(200);
  expect(new Set(judged.map((line) => line.slice(2))).size).toBe(200);
  const byFirst = judged.filter((line) => line.startsWith('a')).length;
  expect(byFirst).toBeGreaterThan(40);
  expect(byFirst).toBeLessThan(160);
  await until(async () => (await rig.raw.xlen(REQUESTS)) === 0);
  expect((await rig.raw.xpending(REQUESTS, 'verifiers'))[0]).toBe(0);
});

test('a verifier takes no more than it has places for', async () => {
  let most = 0;
  let now = 0;
  const handler: VerifyHandler = async () => {
    now += 1;
    most = Math.max(most, now);
    await pause(20);
    now -= 1;
    return says(admitted);
  };
  await rig.verifier(handler, { slots: 3 });
  const bus = await rig.gateway({ hedge: { startMs: 5000 } });
  // Of several registries: one alone has a quarter of the places.
  const images = Array.from({ length: 40 }, (_, n) => `registry-${n % 4}.example.com/app:${n}`);
  await Promise.all(images.map((image) => bus.ask(questionOf(image), 20_000, NEVER)));
  expect(most).toBe(3);
});

test('all questions of one tick leave in one write', async () => {
  const writes: number[] = [];
  const bus = await rig.gateway({
    hedge: { most: 0 },
    connect: (role) => {
      const redis = createRedis({ url: rig.redis.url }, role);
      if (role === 'blocking') return redis;
      const pipeline = redis.pipeline.bind(redis);
      redis.pipeline = () => {
        const chain = pipeline();
        const exec = chain.exec.bind(chain);
        chain.exec = () => {
          writes.push(chain.length);
          return exec();
        };
        return chain;
      };
      return redis;
    },
  });
  const asked = [1, 2, 3, 4].map((n) =>
    bus.ask(questionOf(imageNumber(n)), 400, NEVER).catch(() => undefined),
  );
  await until(async () => (await rig.raw.xlen(REQUESTS)) === 4);
  expect(writes).toEqual([4]);
  await Promise.all(asked);
});

test('work past its deadline is dropped, measured by Redis’ clock', async () => {
  const judged: string[] = [];
  const keys = readBusKeys(rig.files);
  const request: VerificationRequest = {
    v: 1,
    cluster: CLUSTER,
    nonce: 'ab'.repeat(16),
    gateway: 'nobody',
    ...questionOf(imageNumber(1)),
    budgetMs: 1000,
    attempt: 0,
  };
  if (keys.requests === undefined) throw new Error('expected request keys');
  const now = Number(((await rig.raw.time()) as unknown as string[])[0]) * 1000;
  await rig.raw.xadd(REQUESTS, String(now - 3000), ...sealRequest(request, keys.requests));
  await rig.raw.xadd(REQUESTS, '*', ...sealRequest({ ...request, image: imageNumber(2) }, keys.requests));
  await rig.verifier(worker('a', judged));
  await until(() => judged.length === 1);
  await until(async () => (await rig.raw.xlen(REQUESTS)) === 0);
  expect(judged).toEqual([`a ${imageNumber(2)}`]);
  expect(rig.count('dropped-past-deadline')).toBe(1);
});

test('a handler hears of the deadline, and its place is given to others', async () => {
  let aborted = 0;
  const handler: VerifyHandler = ({ image }, signal) => {
    signal.addEventListener('abort', () => {
      aborted += 1;
    });
    return image === imageNumber(0) ? untilAborted() : Promise.resolve(says(admitted));
  };
  await rig.verifier(handler, { slots: 1 });
  const bus = await rig.gateway({ hedge: { most: 0 } });
  await expect(bus.ask(questionOf(imageNumber(0)), 400, NEVER)).rejects.toMatchObject({ code: 'no-answer' });
  await until(() => aborted === 1);
  await expect(bus.ask(questionOf(imageNumber(1)), 8000, NEVER)).resolves.toMatchObject({ kind: 'verdict' });
});

test.for([
  { name: 'F12 the group is deleted', harm: () => rig.raw.xgroup('DESTROY', REQUESTS, 'verifiers') },
  { name: 'F12 H20 everything is flushed', harm: () => rig.raw.flushall() },
  { name: 'the stream is replaced by something else for a moment', harm: () => replaceStream() },
])('$name: verifiers make it again and go on', async ({ harm }) => {
  await rig.verifier(worker('a', []));
  const bus = await rig.gateway({ hedge: { startMs: 300 } });
  await bus.ask(questionOf(imageNumber(0)), 8000, NEVER);
  await harm();
  for (const number of [1, 2, 3]) {
    const reply = await bus.ask(questionOf(imageNumber(number)), 8000, NEVER);
    expect(reply).toMatchObject({ kind: 'verdict', verdict: { outcome: 'admitted' } });
  }
});

async function replaceStream(): Promise<void> {
  await rig.raw.set(REQUESTS, 'not a stream');
  await pause(400);
  await rig.raw.del(REQUESTS);
}

test('H20 work in flight while everything is flushed is answered all the same', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await rig.verifier(async () => {
    await held;
    return says(admitted);
  });
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const asked = bus.ask(questionOf(imageNumber(0)), 8000, NEVER);
  await until(async () => (await rig.raw.xlen(REQUESTS)) === 1);
  await pause(50);
  await rig.raw.flushall();
  release();
  await expect(asked).resolves.toMatchObject({ kind: 'verdict' });
});

test('an answered question takes its other attempts back', async () => {
  const judged: string[] = [];
  const handler: VerifyHandler = async ({ attempt }) => {
    judged.push(String(attempt));
    await pause(150);
    return says(admitted);
  };
  await rig.verifier(handler, { slots: 1 });
  const bus = await rig.gateway({ hedge: { startMs: 50 } });
  await bus.ask(questionOf(imageNumber(0)), 8000, NEVER);
  expect(rig.count('hedged')).toBe(2);
  await until(async () => (await rig.raw.xlen(REQUESTS)) === 0);
  expect(judged.length).toBeLessThanOrEqual(2);
});

test('what its asker deleted while it waited in a verifier is not judged', async () => {
  const judged: string[] = [];
  const { promise: go, resolve: letGo } = Promise.withResolvers<undefined>();
  // One place for each registry: the second image waits for the first.
  await rig.verifier(
    async ({ image }) => {
      judged.push(image);
      await go;
      return says(admitted);
    },
    { slots: 4 },
  );
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const answers = [0, 1, 2].map((n) => bus.ask(questionOf(imageNumber(n)), 8000, NEVER).catch(String));
  const delivered = async (): Promise<unknown> => (await rig.raw.xpending(REQUESTS, 'verifiers'))[0];
  await until(async () => (await delivered()) === 3);
  const [, second] = (await rig.raw.xrange(REQUESTS, '-', '+')).map(([id]) => id);
  await rig.raw.xdel(REQUESTS, second ?? '');
  await until(() => rig.count('withdrawn') === 1);
  letGo(undefined);
  await Promise.all([answers[0], answers[2]]);
  expect(judged).toEqual([imageNumber(0), imageNumber(2)]);
  expect(await delivered()).toBe(0);
});

test('six registries that hang, and an image of another one is answered in time', async () => {
  await rig.verifier(({ image }) =>
    image.startsWith('hangs') ? untilAborted() : Promise.resolve(says(admitted)),
  );
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const control = new AbortController();
  const hanging = Array.from({ length: 120 }, (_, n) =>
    bus.ask(questionOf(`hangs-${n % 6}.example.com/app:${n}`), 6000, control.signal).catch(String),
  );
  await until(async () => Number((await rig.raw.xpending(REQUESTS, 'verifiers'))[0]) === 120);
  const started = performance.now();
  const reply = await bus.ask(questionOf('fine.example.com/app:1'), 3000, NEVER);
  expect(reply).toMatchObject({ kind: 'verdict', verdict: admitted });
  expect(performance.now() - started).toBeLessThan(2500);
  control.abort();
  await Promise.all(hanging);
});

test('closing finishes what is in flight and takes nothing new', async () => {
  const judged: string[] = [];
  const server = await rig.verifier(worker('a', judged, 1500), { closeGraceMs: 5000 });
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const first = bus.ask(questionOf(imageNumber(1)), 8000, NEVER);
  await until(() => judged.length === 1);
  const closed = server.close();
  // A read that is under way may still bring something, which is finished too; Redis ends a BLOCK within 100 ms of its time.
  await pause(500);
  const second = bus.ask(questionOf(imageNumber(2)), 1500, NEVER);
  const silent = expect(second).rejects.toMatchObject({ name: 'BusSilentError' });
  await expect(first).resolves.toMatchObject({ kind: 'verdict' });
  await silent;
  await closed;
  expect(judged).toHaveLength(1);
  expect(server.health()?.state).toBe('closed');
  expect(await rig.raw.zcard('{connaisseur-bus}:verifiers')).toBe(0);
  const consumers = (await rig.raw.xinfo('CONSUMERS', REQUESTS, 'verifiers')) as unknown[];
  expect(consumers).toHaveLength(0);
});

test('a gateway that sees no verifier does not wait for one', async () => {
  const bus = await rig.gateway();
  await until(() => bus.health().verifiers === 0);
  await until(async () => {
    const begun = performance.now();
    const error: unknown = await bus
      .ask(questionOf(imageNumber(0)), 400, NEVER)
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'BusSilentError' });
    return performance.now() - begun < 500 && (error as { code: string }).code === 'no-verifier';
  });
  await rig.verifier(worker('a', []));
  await until(() => bus.health().verifiers === 1);
  await expect(bus.ask(questionOf(imageNumber(0)), 8000, NEVER)).resolves.toMatchObject({ kind: 'verdict' });
});

test('a gateway whose keys are gone says so, and finds them again', async () => {
  await rig.verifier(worker('a', []));
  let areGone = false;
  const { requests, verdicts } = readBusKeys(rig.files);
  if (requests === undefined || verdicts === undefined) throw new Error('expected keys');
  const bus = await rig.gateway({
    keys: () => {
      if (areGone) throw new Error('no such file');
      return { requests, verdicts };
    },
  });
  areGone = true;
  const asked = bus.ask(questionOf(imageNumber(0)), 8000, NEVER);
  await expect(asked).rejects.toMatchObject({ name: 'BusDownError' });
  areGone = false;
  await expect(bus.ask(questionOf(imageNumber(0)), 8000, NEVER)).resolves.toMatchObject({ kind: 'verdict' });
});

test('F40 two verifiers of the same name are two consumers', async () => {
  const judged: string[] = [];
  await rig.verifier(worker('a', judged), { verifier: 'pod-1' });
  await rig.verifier(worker('b', judged), { verifier: 'pod-1' });
  const bus = await rig.gateway();
  await until(() => bus.health().verifiers === 2);
  await bus.ask(questionOf(imageNumber(0)), 8000, NEVER);
  expect(judged).toHaveLength(1);
});

test('one verifier of five without network stops taking work, and no admission is lost to it', async () => {
  const worked = { good: 0, bad: 0 };
  const good: VerifyHandler = async () => {
    worked.good += 1;
    await pause(2);
    return says(admitted);
  };
  let hasNetwork = false;
  const bad: VerifyHandler = () => {
    worked.bad += 1;
    return Promise.resolve(says(hasNetwork ? admitted : undecided('CNS-2004')));
  };
  const isolation = { backoffMs: 300 };
  const cutOff = await rig.verifier(bad, { isolation, verifier: 'cut-off' });
  await Promise.all([1, 2, 3, 4].map(() => rig.verifier(good, { isolation })));
  const bus = await rig.gateway({ hedge: { startMs: 500 } });
  const ask = async (number: number): Promise<string> => {
    const image = `registry-${number % 3}.example.com/app:${number}`;
    const reply = await bus.ask(questionOf(image), 8000, NEVER);
    return reply.kind === 'verdict' ? reply.verdict.outcome : reply.kind;
  };
  const outcomes: string[] = [];
  for (let number = 0; number < 300 && cutOff.health()?.state !== 'isolated'; number += 5) {
    outcomes.push(...(await Promise.all([0, 1, 2, 3, 4].map((more) => ask(number + more)))));
  }
  expect(cutOff.health()?.state).toBe('isolated');
  expect(cutOff.health()?.text).toContain('registry-');
  expect(rig.events.some((event) => event.kind === 'state' && event.state === 'isolated')).toBe(true);
  const before = worked.bad;
  for (let number = 0; number < 20; number += 1) outcomes.push(await ask(1000 + number));
  expect(worked.bad - before).toBeLessThanOrEqual(1);
  expect(outcomes.filter((outcome) => outcome !== 'admitted')).toEqual([]);
  hasNetwork = true;
  await until(async () => {
    await ask(2000);
    await pause(20);
    return cutOff.health()?.state === 'serving';
  }, 10_000);
});

test('where every verifier is isolated, work goes on: the registries are the cause', async () => {
  const isolation = { failures: 2, hosts: 2, backoffMs: 60_000 };
  const handler: VerifyHandler = ({ image }) =>
    Promise.resolve(says(image.startsWith('up.') ? admitted : undecided('CNS-2004')));
  const servers = [await rig.verifier(handler, { isolation }), await rig.verifier(handler, { isolation })];
  const bus = await rig.gateway({ hedge: { startMs: 200 } });
  const areIsolated = (): boolean => servers.every((server) => server.health()?.state === 'isolated');
  for (let number = 0; number < 100 && !areIsolated(); number += 1) {
    await bus.ask(questionOf(`down-${number % 2}.example.com/app:${number}`), 3000, NEVER);
  }
  expect(areIsolated()).toBe(true);
  const reply = await bus.ask(questionOf('up.example.com/app:1'), 8000, NEVER);
  expect(reply).toMatchObject({ kind: 'verdict', verdict: { outcome: 'admitted' } });
});

@Controller()
class VerificationController {
  @MessagePattern(VERIFY_PATTERN)
  verify(@Payload() request: VerificationRequest, @Ctx() context: StreamsContext): Promise<VerifierAnswer> {
    expect(context.signal.aborted).toBe(false);
    return request.image === imageNumber(0)
      ? Promise.reject(new Error('broken'))
      : Promise.resolve(says(admitted));
  }
}

class VerifierModule {}

test('as a Nest microservice: pattern, payload, context; and a Nest client on the other end', async () => {
  const { requests, verdicts } = readBusKeys(rig.files);
  if (requests === undefined || verdicts === undefined) throw new Error('expected keys');
  const connect = (role: Parameters<typeof createRedis>[1]) => createRedis({ url: rig.redis.url }, role);
  const { StreamsClient, StreamsServer } = await loadStreamsTransport();
  const strategy = new StreamsServer({
    connect,
    keys: () => ({ requests, verdicts }),
    cluster: CLUSTER,
    verifier: 'nest',
    closeGraceMs: 300,
  });
  const states: string[] = [];
  strategy.on('state', (state) => void states.push(state));
  const module = { module: VerifierModule, controllers: [VerificationController] };
  const app = await NestFactory.createMicroservice(module, { strategy, logger: false });
  await app.listen();
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const failed = await bus.ask(questionOf(imageNumber(0)), 8000, NEVER);
  expect(failed).toMatchObject({ verdict: { outcome: 'undecided', code: 'CNS-3004' } });
  const client = new StreamsClient({
    connect,
    keys: () => ({ requests, verdicts }),
    gateway: 'nest-client',
    observer: { observe: () => undefined },
  });
  await until(() => client.fault === undefined);
  const request: VerificationRequest = {
    v: 1,
    cluster: CLUSTER,
    nonce: 'cd'.repeat(16),
    gateway: 'nest-client',
    ...questionOf(imageNumber(1)),
    budgetMs: 5000,
    attempt: 0,
  };
  const reply = await firstValueFrom(client.send<unknown, VerificationRequest>(VERIFY_PATTERN, request));
  expect(reply).toMatchObject({ kind: 'verdict', nonce: request.nonce, verdict: { outcome: 'admitted' } });
  await expect(firstValueFrom(client.send<unknown, string>('other', 'x'))).rejects.toBeInstanceOf(TypeError);
  await expect(firstValueFrom(client.emit<unknown, string>(VERIFY_PATTERN, 'x'))).rejects.toBeInstanceOf(
    TypeError,
  );
  client.close();
  await app.close();
  expect(states).toEqual(['serving', 'closing', 'closed']);
});
