import { setTimeout as pause } from 'node:timers/promises';

import { createRedis, loadStreamsTransport, readBusKeys, VERIFY_PATTERN, type VerifierAnswer } from '#bus';
import type { VerificationRequest } from '#contracts';

/**
 * A verifier in a process of its own, to be killed. Says `serving` when it takes work and `begins <image>` for each job.
 * What it does with an image is in the image's name: `slow-<ms>` takes that long, `poison` kills the process.
 */
const { url, cluster, files, slots } = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  cluster: string;
  files: [string, string][];
  slots: number;
};
const { requests, verdicts } = readBusKeys(new Map(files));
if (requests === undefined || verdicts === undefined) throw new Error('expected keys of both kinds');

const { StreamsServer } = await loadStreamsTransport();
const server = new StreamsServer({
  connect: (role) => createRedis({ url }, role),
  keys: () => ({ requests, verdicts }),
  cluster,
  verifier: 'child',
  slots,
});
server.addHandler(VERIFY_PATTERN, async ({ image }: VerificationRequest): Promise<VerifierAnswer> => {
  process.stdout.write(`begins ${image}\n`);
  if (image.includes('poison')) process.kill(process.pid, 'SIGKILL');
  await pause(Number(/slow-(\d+)/.exec(image)?.[1] ?? 1));
  return {
    kind: 'verdict',
    verdict: {
      outcome: 'admitted',
      ground: 'verified',
      digest: `sha256:${'a'.repeat(64)}`,
      evidence: [],
      tookMs: 1,
    },
  };
});
server.on('state', (state) => void process.stdout.write(`${state}\n`));
server.listen(() => undefined);
process.once('SIGTERM', () => {
  void server.close().then(() => process.exit(0));
});
