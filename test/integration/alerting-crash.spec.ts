import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { Ed25519Signer, ignoreDecisionEvents, noJournal, RedisDecisionLog } from '#bus';
import { aDenial, anAdmission, startPrivateRedis, VirtualReceiver } from '#testing';

import { idsOf } from './alerting-world.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const { cluster: CLUSTER, gateway: GATEWAY } = anAdmission();

/** Node runs TypeScript as it is, but for the names of relative imports. */
const HOOK = `import { registerHooks } from 'node:module';
  registerHooks({ resolve(name, context, next) {
    try { return next(name, context); } catch (error) {
      if (!name.endsWith('.js')) throw error;
      return next(name.slice(0, -3) + '.ts', context);
    }
  } });`;

async function startChild(socket: string, url: string): Promise<ChildProcess> {
  // Templates need no generated code, so alerting runs where it is forbidden.
  const node = [
    '--disallow-code-generation-from-strings',
    '--conditions=source',
    '--import',
    `data:text/javascript,${encodeURIComponent(HOOK)}`,
  ];
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const script = join(import.meta.dirname, 'alerting-child.ts');
  const child = spawn(process.execPath, [...node, script, socket, url, pem, CLUSTER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test('F04: alerting is killed between send and acknowledgement, again and again: delivered at least once, one id for each alert', async () => {
  const redis = await startPrivateRedis();
  const receiver = await VirtualReceiver.start();
  const client = new Redis({ path: redis.socket });
  const log = new RedisDecisionLog({
    redis: client,
    journal: noJournal,
    writer: { cluster: CLUSTER, gateway: GATEWAY, boot: 'test' },
    signer: new Ed25519Signer('2026-11', privateKey),
    observe: ignoreDecisionEvents,
  });
  let child: ChildProcess | undefined;
  await once(client, 'ready');
  try {
    receiver.behave({ kind: 'hang' });
    const uids = ['uid-0', 'uid-1', 'uid-2'];
    await Promise.all(uids.map(async (uid) => await log.append(aDenial({ uid }), { urgent: true })));
    for (let round = 0; round < 4; round += 1) {
      child = await startChild(redis.socket, receiver.url);
      const before = receiver.received.length;
      await receiver.until(({ received }) => received.length > before, 10_000);
      await kill(child);
    }
    // During a backoff.
    receiver.behave({ kind: 'answer', status: 500 });
    child = await startChild(redis.socket, receiver.url);
    const before = receiver.received.length;
    await receiver.until(({ received }) => received.length > before + 2, 10_000);
    await kill(child);
    // After the answer, before or after the acknowledgement: nobody can say which.
    receiver.behave({ kind: 'answer', status: 200 });
    child = await startChild(redis.socket, receiver.url);
    await receiver.until(({ accepted }) => accepted.length > 0, 10_000);
    await kill(child);

    child = await startChild(redis.socket, receiver.url);
    await receiver.until(({ accepted }) => idsOf(accepted).size === 3, 10_000);
    await expect
      .poll(async () => await client.zcard('{connaisseur-alerts}:reject-r:completed'), { timeout: 5000 })
      .toBe(3);
    await pause(200);
    expect(receiver.accepted.map(({ body }) => (JSON.parse(body) as { uid: string }).uid)).toEqual(
      expect.arrayContaining(uids),
    );
    // A16: as many ids as alerts, however often each was sent.
    expect(idsOf(receiver.received).size).toBe(3);
    expect(receiver.accepted.length).toBeLessThanOrEqual(6);
    expect(await client.zcard('{connaisseur-alerts}:reject-r:failed')).toBe(0);
  } finally {
    child?.kill('SIGKILL');
    await receiver.close();
    client.disconnect();
    await redis.stop();
  }
});
