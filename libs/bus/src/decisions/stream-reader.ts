import type { DecisionRecord } from '#contracts';

import type { ReadEntry } from '../redis/replies.js';
import type { StoredDecision } from './decision-source.js';
import { type BatchTrust, openBatch, type OpenedBatch } from './open-batch.js';
import type { DecisionEvent, DecisionObserver, DecisionStream } from './observer.js';
import { recordId } from './record-id.js';
import type { Judgement } from './sequence-audit.js';

/** Most forged entries that are remembered as told. */
const MAX_TOLD = 10_000;

/** Opens entries of one stream, and tells of each one that is not to be believed once. */
export class StreamReader {
  readonly stream: DecisionStream;
  readonly #trust: BatchTrust;
  readonly #observe: DecisionObserver;
  readonly #told = new Set<string>();

  constructor(stream: DecisionStream, trust: BatchTrust, observe: DecisionObserver) {
    this.stream = stream;
    this.#trust = trust;
    this.#observe = observe;
  }

  /** The batch, or nothing where no gateway of this cluster signed it. */
  open({ id, fields }: ReadEntry): OpenedBatch | undefined {
    const opened = openBatch(this.stream, fields ?? [], this.#trust);
    if (opened.kind === 'batch') return opened.batch;
    if (!this.#told.has(id)) {
      if (this.#told.size >= MAX_TOLD) this.#told.clear();
      this.#told.add(id);
      this.#observe({ kind: 'forged', stream: this.stream, id, reason: opened.reason });
    }
    return undefined;
  }

  /** Tells what is odd about a batch in its sequence. */
  tell(id: string, { gateway, boot }: OpenedBatch, judgement: Judgement): void {
    const place = { stream: this.stream, id, gateway, boot };
    if (judgement.kind === 'duplicate' || judgement.kind === 'chain-broken')
      this.#observe({ kind: judgement.kind, ...place });
    if (judgement.kind === 'gap')
      this.#observe({ kind: 'gap', from: judgement.from, to: judgement.to, ...place });
  }

  report(event: DecisionEvent): void {
    this.#observe(event);
  }
}

/** The records of a batch with the ids that the world knows them by. */
export function toStored(entry: string, { gateway, boot, first, records }: OpenedBatch): StoredDecision[] {
  return records.map((record: DecisionRecord, index) => ({
    id: recordId(entry, index),
    record,
    origin: `${gateway}/${boot}/${first + index}`,
  }));
}
