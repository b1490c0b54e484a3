import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type DecisionLog,
  decisionSigner,
  type Journal,
  LocalJournal,
  noJournal,
  openJournalFile,
  type RedisConnection,
  RedisDecisionLog,
} from '#bus';

import type { GatewayOptions } from './gateway-options.js';
import type { GatewayMetrics } from './management/gateway-metrics.js';
import { decisionObserver } from './management/observers.js';

/** Where this gateway's decisions go. Throws where there is no key to sign them with. */
export async function createDecisionLog(
  options: GatewayOptions,
  metrics: GatewayMetrics,
  redis: RedisConnection,
): Promise<DecisionLog> {
  const observe = decisionObserver(metrics.decisionLog, options.log);
  const signer = decisionSigner(() => options.keys().decisions);
  const onDamage = (bytes: number): void => observe({ kind: 'journal-damaged', bytes });
  return new RedisDecisionLog({
    redis,
    journal: await openJournal(options.journalDirectory, onDamage),
    writer: { cluster: options.cluster, gateway: options.name, boot: randomBytes(8).toString('hex') },
    signer,
    observe,
  });
}

async function openJournal(
  directory: string | undefined,
  onDamage: (bytes: number) => void,
): Promise<Journal> {
  if (directory === undefined) return noJournal;
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'decisions.journal');
  return await LocalJournal.open({ open: () => openJournalFile(path), onDamage });
}
