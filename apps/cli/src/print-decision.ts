import { styleText } from 'node:util';

import type { DecisionRecord } from '#contracts';

import { plainText } from './plain-text.js';

/** A decision as one line for people: when, verdict, where, what, why. */
export function formatDecision(record: DecisionRecord): string {
  const time = new Date(record.time).toISOString().slice(11, 23);
  const object = `${record.kind}/${record.name === '' ? '-' : record.name}`;
  const where = record.namespace === '' ? object : `${record.namespace} ${object}`;
  const flags = `${record.phase}${record.dryRun ? ' dry-run' : ''}`;
  const what = record.allowed && !record.wouldDeny ? imagesOf(record) : (record.message ?? record.result);
  return `${time} ${verdictOf(record)} ${plainText(where)}  ${plainText(what)}  ${styleText('dim', `${record.tookMs.toFixed(0)} ms ${flags}`)}`;
}

function verdictOf(record: DecisionRecord): string {
  if (!record.allowed) return styleText(['red', 'bold'], 'DENY ');
  return record.wouldDeny ? styleText(['yellow', 'bold'], 'WOULD') : styleText(['green', 'bold'], 'OK   ');
}

function imagesOf({ images, imageCount }: DecisionRecord): string {
  const shown = images.slice(0, 3).map(({ image, ground }) => `${image} (${ground ?? '-'})`);
  const more = imageCount - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ') || 'no images';
}
