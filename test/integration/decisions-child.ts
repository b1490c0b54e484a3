import { createPrivateKey } from 'node:crypto';

import { Redis } from 'ioredis';

import { openJournalFile } from '../../libs/bus/src/decisions/journal-file.js';
import { LocalJournal } from '../../libs/bus/src/decisions/local-journal.js';
import { RedisDecisionLog } from '../../libs/bus/src/decisions/redis-decision-log.js';
import { Ed25519Signer } from '../../libs/bus/src/decisions/signing.js';
import { anAdmission } from '../../libs/testing/src/decision-builder.js';

/**
 * A gateway's log in a process of its own, to be killed: writes records for ever, and prints each one's number as soon as
 * the log says that it is durable.
 */
const [socket = '', path = '', pem = '', cluster = '', gateway = '', from = '0'] = process.argv.slice(2);
const redis = new Redis({
  path: socket,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  retryStrategy: () => 50,
});
redis.on('error', () => undefined);
const log = new RedisDecisionLog({
  redis,
  journal: await LocalJournal.open({ open: () => openJournalFile(path) }),
  writer: { cluster, gateway, boot: `child-${from}` },
  signer: new Ed25519Signer('2026-11', createPrivateKey(pem)),
  observe: () => undefined,
});

for (let number = Number(from); ; number += 5) {
  const records = Array.from({ length: 5 }, (_, index) => number + index);
  await Promise.all(records.map((at) => log.append(anAdmission({ uid: `uid-${at}` }), { urgent: true })));
  process.stdout.write(`${number + 4}\n`);
}
