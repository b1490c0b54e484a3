// A verifier whose verification costs nothing: it admits at once, or after as many ms as the image's name says.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { createRedis, loadStreamsTransport, readBusKeys, VERIFY_PATTERN, type VerifierAnswer } from '#bus';
import type { VerificationRequest } from '#contracts';

const [url = '', cluster = '', keyDirectory = '', name = ''] = process.argv.slice(2);
const files = readdirSync(keyDirectory).map(
  (file) => [file, readFileSync(join(keyDirectory, file), 'utf8')] as const,
);
const { requests, verdicts } = readBusKeys(new Map(files));
if (requests === undefined || verdicts === undefined) throw new Error('expected keys of both kinds');

const { StreamsServer } = await loadStreamsTransport();
const server = new StreamsServer({
  connect: (role) => createRedis({ url }, role),
  keys: () => ({ requests, verdicts }),
  cluster,
  verifier: name,
});
server.addHandler(VERIFY_PATTERN, async ({ image }: VerificationRequest): Promise<VerifierAnswer> => {
  const job = /takes-(\d+)/.exec(image)?.[1];
  if (job !== undefined) {
    process.send?.({ begins: image });
    await pause(Number(job));
  }
  const digest = `sha256:${'a'.repeat(64)}`;
  return {
    kind: 'verdict',
    verdict: { outcome: 'admitted', ground: 'verified', digest, evidence: [], tookMs: 0 },
  };
});
let told = false;
server.on('state', (state) => {
  if (state === 'serving' && !told) process.send?.({ serving: true });
  told ||= state === 'serving';
});
server.listen(() => undefined);
process.once('disconnect', () => process.exit(0));
