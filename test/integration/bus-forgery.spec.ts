// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { VerificationReply, VerificationRequest } from '#contracts';
import { generateBusKeys, readBusKeys, VERIFY_PATTERN, type VerifyHandler } from '#bus';

import { sealReply } from '../../libs/bus/src/verification/reply-envelope.js';
import { sealRequest } from '../../libs/bus/src/verification/request-envelope.js';
import {
  admitted,
  questionOf,
  refused,
  says,
} from '../../libs/bus/src/verification/verification-bus.contract.js';
import { BusRig, CLUSTER, until } from './bus-rig.js';

const REQUESTS = '{connaisseur-bus}:requests';
const IMAGE = 'registry.example.com/app:1';
const NEVER = new AbortController().signal;

let rig: BusRig;
beforeAll(async () => {
  rig = await BusRig.start();
});
afterEach(() => rig.reset());
afterAll(() => rig.stop());

function keysOf(files: ReadonlyMap<string, string>) {
  const { requests, verdicts } = readBusKeys(files);
  if (requests === undefined || verdicts === undefined) throw new Error('expected keys');
  return { requests, verdicts };
}

/** What lies in the stream: somebody with access to Redis reads it all. */
async function openRequests(): Promise<VerificationRequest[]> {
  const entries = await rig.raw.xrange(REQUESTS, '-', '+');
  return entries.map(([, fields]) => JSON.parse(fields[1] ?? '') as VerificationRequest);
}

function replyTo(request: VerificationRequest, changes: Partial<VerificationReply> = {}): VerificationReply {
  const { v, cluster, nonce, image, rule, revision } = request;
  const bound = { v, cluster, nonce, image, rule, revision, verifier: 'attacker' };
  return { kind: 'verdict', ...bound, verdict: admitted, ...changes } as VerificationReply;
}

/** A gateway that asks once, nobody who answers, and the question as it lies in Redis. */
async function ask(budgetMs = 1200) {
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const asked = bus.ask(questionOf(IMAGE), budgetMs, NEVER);
  const ended = asked.then(
    (reply) => reply,
    (error: unknown) => error,
  );
  await until(async () => (await openRequests()).length > 0);
  const [request] = await openRequests();
  if (request === undefined) throw new Error('expected a request');
  const push = (text: string) => rig.raw.rpush(`{connaisseur-bus}:replies:${request.gateway}`, text);
  return { bus, asked, ended, request, push };
}

const other = keysOf(generateBusKeys('k1'));

test.for([
  {
    name: 'H01 a verdict without a signature',
    text: (request) => JSON.stringify(replyTo(request)),
    fault: 'authentication',
  },
  {
    name: 'H01 a verdict signed with a key of our own making, under the right id',
    text: (request) => sealReply(replyTo(request), other.verdicts),
    fault: 'authentication',
  },
  {
    name: 'H24 a verdict signed with a key that was taken away',
    text: (request) => sealReply(replyTo(request), keysOf(generateBusKeys('k0')).verdicts),
    fault: 'authentication',
  },
  {
    name: 'a verdict authenticated with the request key, which gateways have',
    text: (request) => {
      const body = JSON.stringify(replyTo(request));
      return `k1.${keysOf(rig.files).requests.sign('connaisseur/reply/v1', body).mac}.${body}`;
    },
    fault: 'authentication',
  },
  {
    name: 'H01 a true verdict with one byte changed',
    text: (request) =>
      sealReply(replyTo(request, { verdict: refused }), keysOf(rig.files).verdicts).replace(
        'refused',
        'Refused',
      ),
    fault: 'authentication',
  },
  { name: 'H16 ten megabytes', text: () => 'x'.repeat(10 << 20), fault: 'size' },
  { name: 'H16 nothing', text: () => '', fault: 'shape' },
  { name: 'H16 dots', text: () => '..', fault: 'shape' },
  { name: 'H16 bytes that are no text', text: () => Buffer.from([0xff, 0xfe, 0x00]), fault: 'shape' },
] as {
  name: string;
  text: (request: VerificationRequest) => string;
  fault: string;
}[])('$name has no effect and is counted', async ({ text, fault }) => {
  const { ended, request, push } = await ask();
  await push(text(request));
  await expect(ended).resolves.toMatchObject({ name: 'BusSilentError', code: 'no-answer' });
  expect(rig.events).toContainEqual({ kind: 'forged', message: 'reply', fault });
});

test.for([
  { name: 'H04 another image', changes: { image: 'registry.example.com/other:1' } },
  { name: 'H03 another rule', changes: { rule: 'd'.repeat(64) } },
  { name: 'H03 another configuration', changes: { revision: 'd'.repeat(64) } },
  { name: 'H25 another cluster', changes: { cluster: 'cluster-2' } },
  { name: 'another protocol', changes: { v: 2 } },
])('an authentic verdict about $name is dropped and counted', async ({ changes }) => {
  const { ended, request, push } = await ask();
  await push(sealReply(replyTo(request, changes), keysOf(rig.files).verdicts));
  await expect(ended).resolves.toMatchObject({ name: 'BusSilentError' });
  expect(rig.count('unbound')).toBe(1);
});

test('H04 swapping the verdicts of two questions changes neither answer', async () => {
  const bus = await rig.gateway({ hedge: { most: 0 } });
  const images = ['registry.example.com/good:1', 'registry.example.com/bad:1'];
  const asked = images.map((image) => bus.ask(questionOf(image), 6000, NEVER));
  await until(async () => (await openRequests()).length === 2);
  const [good, bad] = await openRequests();
  if (good === undefined || bad === undefined) throw new Error('expected two requests');
  const { verdicts } = keysOf(rig.files);
  const list = `{connaisseur-bus}:replies:${good.gateway}`;
  const swapped = [
    replyTo(good, { image: bad.image, verdict: refused }),
    replyTo(bad, { image: good.image, verdict: admitted }),
    { ...replyTo(good), nonce: bad.nonce },
  ];
  await rig.raw.rpush(list, ...swapped.map((reply) => sealReply(reply, verdicts)));
  await until(() => rig.count('unbound') === 3);
  const right = [replyTo(bad, { verdict: refused }), replyTo(good)];
  await rig.raw.rpush(list, ...right.map((reply) => sealReply(reply, verdicts)));
  const outcomes = (await Promise.all(asked)).map(
    (reply) => reply.kind === 'verdict' && reply.verdict.outcome,
  );
  expect(outcomes).toEqual(['admitted', 'refused']);
});

test('H03 H17 a verdict that is played again answers no later question and is counted', async () => {
  const { asked, bus, request, push } = await ask(6000);
  const text = sealReply(replyTo(request), keysOf(rig.files).verdicts);
  await push(text);
  await expect(asked).resolves.toMatchObject({ verdict: { outcome: 'admitted' } });
  await rig.raw.del(REQUESTS);
  const again = bus.ask(questionOf(IMAGE), 800, NEVER).catch((error: unknown) => error);
  await push(text);
  await expect(again).resolves.toMatchObject({ name: 'BusSilentError' });
  expect(rig.events).toContainEqual({ kind: 'duplicate', agrees: true });
});

test('H18 a second answer that says something else is counted as a disagreement', async () => {
  const { asked, request, push } = await ask(6000);
  const { verdicts } = keysOf(rig.files);
  await push(sealReply(replyTo(request, { verdict: refused }), verdicts));
  await expect(asked).resolves.toMatchObject({ verdict: { outcome: 'refused' } });
  await push(sealReply(replyTo(request), verdicts));
  await until(() => rig.count('duplicate') === 1);
  expect(rig.events).toContainEqual({ kind: 'duplicate', agrees: false });
});

test('H17 an answer to a question that has ended is late, and one to no question too', async () => {
  const { ended, request, push } = await ask(400);
  await ended;
  const { verdicts } = keysOf(rig.files);
  await push(sealReply(replyTo(request), verdicts));
  await push(sealReply(replyTo(request, { nonce: '0'.repeat(32) }), verdicts));
  await until(() => rig.count('late') === 2);
});

const base = {
  v: 1,
  cluster: CLUSTER,
  nonce: 'ab'.repeat(16),
  gateway: 'attacker',
  budgetMs: 5000,
  attempt: 0,
};
const forgedRequest: VerificationRequest = { ...base, ...questionOf(IMAGE) };

test.for([
  {
    name: 'a request without a MAC',
    fields: () => ['body', JSON.stringify(forgedRequest), 'kid', 'k1', 'mac', ''],
    fault: 'authentication',
  },
  {
    name: 'a request under another key',
    fields: () => sealRequest(forgedRequest, other.requests),
    fault: 'authentication',
  },
  {
    name: 'a request with its body and key id shifted',
    fields: () => {
      const [, body = '', , , , mac = ''] = sealRequest(forgedRequest, keysOf(rig.files).requests);
      return ['body', `${body}k`, 'kid', '1', 'mac', mac];
    },
    fault: 'authentication',
  },
  { name: 'a request with other fields', fields: () => ['x', 'y'], fault: 'shape' },
  {
    name: 'H16 a request of ten megabytes',
    fields: () => ['body', 'x'.repeat(10 << 20), 'kid', 'k1', 'mac', '0'.repeat(64)],
    fault: 'size',
  },
  {
    name: 'H25 a request of another cluster',
    fields: () => sealRequest({ ...forgedRequest, cluster: 'cluster-2' }, keysOf(rig.files).requests),
    fault: 'cluster',
  },
  {
    name: 'H16 an authentic request of another shape',
    fields: () => sealRequest({ ...forgedRequest, nonce: 'short' }, keysOf(rig.files).requests),
    fault: 'schema',
  },
] as { name: string; fields: () => string[]; fault: string }[])(
  '$name is not worked on, is counted and goes away',
  async ({ fields, fault }) => {
    const judged: string[] = [];
    const handler: VerifyHandler = ({ image }) => {
      judged.push(image);
      return Promise.resolve(says(admitted));
    };
    await rig.verifier(handler);
    await rig.raw.xadd(REQUESTS, '*', ...fields());
    await until(() => rig.count('forged') === 1);
    expect(rig.events).toContainEqual({ kind: 'forged', message: 'request', fault });
    const bus = await rig.gateway();
    await expect(bus.ask(questionOf('registry.example.com/next:1'), 4000, NEVER)).resolves.toMatchObject({
      kind: 'verdict',
    });
    expect(judged).toEqual(['registry.example.com/next:1']);
    await until(async () => (await rig.raw.xlen(REQUESTS)) === 0);
  },
);

test('a request of another protocol version is answered: this verifier does not speak it', async () => {
  const judged: string[] = [];
  const server = await rig.verifier(({ image }) => {
    judged.push(image);
    return Promise.resolve(says(admitted));
  });
  expect(server.getHandlerByPattern(VERIFY_PATTERN)).not.toBeNull();
  const request = { ...forgedRequest, v: 2, more: 'of the future' };
  await rig.raw.xadd(REQUESTS, '*', ...sealRequest(request, keysOf(rig.files).requests));
  const [, text = ''] = (await rig.raw.blpop('{connaisseur-bus}:replies:attacker', 5)) ?? [];
  expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({
    kind: 'cannot',
    reason: 'protocol',
    v: 2,
  });
  expect(judged).toEqual([]);
});

test('H24 keys overlap: the old signer is believed until its key is taken away', async () => {
  const old = rig.files;
  await rig.verifier(() => Promise.resolve(says(admitted)));
  let files = new Map([...old, ...generateBusKeys('k2')]);
  const withNewRequestKeyOnlyAtTheGateway = (): ReturnType<typeof keysOf> => ({
    requests: keysOf(old).requests,
    verdicts: keysOf(files).verdicts,
  });
  const bus = await rig.gateway({ keys: withNewRequestKeyOnlyAtTheGateway, hedge: { most: 0 } });
  await expect(bus.ask(questionOf(IMAGE), 4000, NEVER)).resolves.toMatchObject({ kind: 'verdict' });
  files = generateBusKeys('k2');
  await expect(bus.ask(questionOf(IMAGE), 800, NEVER)).rejects.toMatchObject({ name: 'BusSilentError' });
  expect(rig.events).toContainEqual({ kind: 'forged', message: 'reply', fault: 'authentication' });
});
