import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { SigningKey } from '#testing';

import { renderedConfiguration, System } from './system.js';

const publicKey = new SigningKey('P-256').publicKeyPem;
const values = (features = ''): string =>
  renderedConfiguration({ host: 'registry.invalid', publicKey, features });
const PAUSE = 'registry.k8s.io/pause:3.10';
const BUSYBOX = 'docker.io/library/busybox:1';
let system: System;

beforeAll(async () => {
  system = await System.prepare({ values: values() });
  await system.start('gateway');
});
afterAll(async () => await system?.stop());

/** As the kubelet does it: the whole file appears at once. */
function configure(text: string): void {
  const file = join(system.directory, 'config', 'config.yaml');
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

const reloadFailed = async (): Promise<number> =>
  await system.metric('gateway', 'connaisseur_config_last_reload_failed');

test('F27 a new configuration takes effect; an invalid one changes nothing and is seen', async () => {
  expect(await system.review(BUSYBOX)).toMatchObject({ allowed: false });
  configure('validators: [');
  await system.until(async () => (await reloadFailed()) === 1, 'the failure is seen');
  expect(await system.review(BUSYBOX)).toMatchObject({ allowed: false });
  expect(await system.review(PAUSE)).toMatchObject({ allowed: true });
  configure(values('features: { detectionMode: true }\n'));
  await system.until(async () => (await system.review(BUSYBOX)).allowed, 'detection mode is on');
  expect(await reloadFailed()).toBe(0);
  expect(await system.metric('gateway', 'connaisseur_mode_info', 'detectionMode')).toBe(1);
  configure(values());
  await system.until(async () => !(await system.review(BUSYBOX)).allowed, 'and off again');
});

test('I12 S18 readiness has detail: configuration, weakenings, bus, decisions, event loop', async () => {
  const response = await fetch(`${system.service('gateway').management}/ready`);
  expect(await response.json()).toMatchObject({
    status: 'ready',
    weakenings: [],
    bus: { state: 'up' },
    decisions: { state: 'redis', lost: 0 },
    eventLoop: { stalled: expect.any(Boolean) },
  });
});

test('F29 told to stop it ends with 0 and what it decided is on the stream', async () => {
  const { process: child, output } = system.service('gateway');
  await Promise.all(Array.from({ length: 20 }, async () => await system.review(PAUSE)));
  await system.kill('gateway', 'SIGTERM');
  expect([child.exitCode, child.signalCode]).toEqual([0, null]);
  expect(output()).not.toContain('internal fault');
});

test.for([
  { name: 'without keys', kind: 'gateway' as const, folder: 'keys/gateway' },
  { name: 'without keys', kind: 'verifier' as const, folder: 'keys/verifier' },
  { name: 'without a certificate', kind: 'gateway' as const, folder: 'certs' },
])('a $kind $name ends at once, not with 0', async ({ kind, folder }) => {
  const place = join(system.directory, folder);
  renameSync(place, `${place}.away`);
  await expect(system.start(kind, `${kind}-broken`)).rejects.toThrow(/ended/);
  expect(system.service(`${kind}-broken`).process.exitCode).not.toBe(0);
  rmSync(place, { recursive: true, force: true });
  renameSync(`${place}.away`, place);
});
