import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

import { describe, expect, test } from 'vitest';

import { BodyError, BodyRoom, MAX_BODY_BYTES, withBody } from './read-body.js';

/** A request whose body comes in these chunks; `null` ends it early. */
function requestOf(
  chunks: readonly (Buffer | null)[],
  headers: Record<string, string> = {},
): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, headers);
  setImmediate(() => {
    for (const chunk of chunks) {
      if (chunk === null) return void request.destroy();
      request.push(chunk);
    }
    request.complete = true;
    request.push(null);
  });
  return request;
}

const text = async (body: Uint8Array): Promise<string> => Buffer.from(body).toString();

test('the whole body, however it was cut', async () => {
  const request = requestOf([Buffer.from('{"a"'), Buffer.from(':1}')]);
  await expect(withBody(request, new BodyRoom(), text)).resolves.toBe('{"a":1}');
});

describe('I7 S07 what is not read', () => {
  test.for([
    { name: 'compressed', request: () => requestOf([], { 'content-encoding': 'gzip' }), status: 415 },
    {
      name: 'said to be too long',
      request: () => requestOf([], { 'content-length': String(MAX_BODY_BYTES + 1) }),
      status: 413,
    },
    {
      name: 'too long without saying so',
      request: () => requestOf([Buffer.alloc(MAX_BODY_BYTES), Buffer.alloc(1)]),
      status: 413,
    },
    { name: 'ended early', request: () => requestOf([Buffer.from('{'), null]), status: 400 },
  ])('$name: $status', async ({ request, status }) => {
    await expect(withBody(request(), new BodyRoom(), text)).rejects.toMatchObject({
      name: 'BodyError',
      status,
    });
  });
});

describe('S17 the room for all bodies together', () => {
  const body = (): IncomingMessage => requestOf([Buffer.alloc(60)]);

  test('is held while a body is in use, and a request without room is told at once', async () => {
    const room = new BodyRoom(100, 100);
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = withBody(body(), room, async () => await promise);
    await new Promise((done) => setTimeout(done, 10));
    await expect(withBody(body(), room, text)).rejects.toMatchObject({ status: 503 });
    resolve('done');
    await expect(first).resolves.toBe('done');
    await expect(withBody(body(), room, async () => 'next')).resolves.toBe('next');
  });

  test('is given back after refusals and faults', async () => {
    const room = new BodyRoom(100, 100);
    for (let n = 0; n < 5; n += 1) {
      await expect(withBody(requestOf([Buffer.alloc(60), null]), room, text)).rejects.toMatchObject({
        status: 400,
      });
      await expect(
        withBody(body(), room, async () => await Promise.reject(new RangeError('ours'))),
      ).rejects.toThrow(RangeError);
    }
    await expect(withBody(requestOf([Buffer.alloc(100)]), room, async () => 'all')).resolves.toBe('all');
  });
});

test('S06 large bodies that are held back do not take the room of small ones', async () => {
  const room = new BodyRoom(10, 100);
  room.take('large', 10);
  expect(() => room.take('large', 1)).toThrow(BodyError);
  expect(() => room.take('small', 100)).not.toThrow();
  room.give('large', 10);
  expect(() => room.take('large', 10)).not.toThrow();
});
