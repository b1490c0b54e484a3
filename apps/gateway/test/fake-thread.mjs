// A verification thread that does what the image's name says: how threads end, without what ends them.
import { parentPort, workerData } from 'node:worker_threads';

const answers = new Map();
const { text } = workerData.source.file;
if (text === 'broken') throw new Error('the configuration is broken');

parentPort.on('message', (message) => {
  if (message.kind === 'ping') parentPort.postMessage({ kind: 'pong' });
  if (message.kind === 'floor') answers.get(message.id)(refusal(message.text));
  if (message.kind !== 'verify') return;
  const { id, image } = message;
  const name = image.split('/').at(-1);
  const answer = (verdict) => parentPort.postMessage({ kind: 'verdict', id, verdict });
  if (name.startsWith('exit')) process.exit(3);
  if (name.startsWith('throw'))
    setTimeout(() => {
      throw new Error('boom');
    });
  else if (name.startsWith('eat')) eat();
  else if (name.startsWith('spin')) for (;;);
  else if (name.startsWith('mute')) return;
  else if (name.startsWith('nonsense')) answer({ outcome: 'allowed' });
  else if (name.startsWith('slow')) setTimeout(() => answer(refusal(text)), 300);
  else if (name.startsWith('environment')) answer(refusal(JSON.stringify(process.env)));
  else if (name.startsWith('remember')) {
    const floor = JSON.stringify({ epoch: 0, roles: [['targets@k', 7]] });
    parentPort.postMessage({ kind: 'write-floor', name: 'collection', text: floor });
    answer(refusal('remembered'));
  } else if (name.startsWith('recall')) {
    answers.set(id, answer);
    parentPort.postMessage({ kind: 'read-floor', id, name: 'collection' });
  } else answer(refusal(text));
});
parentPort.postMessage({ kind: 'ready' });

/** The message tells which thread it was. */
function refusal(message) {
  return { outcome: 'refused', code: 'CNS-1003', message, evidence: [], tookMs: 0 };
}

function eat() {
  const eaten = [];
  for (;;) eaten.push(Array.from({ length: 100_000 }, () => ({ size: eaten.length })));
}
