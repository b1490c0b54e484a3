import { BATCH_VERSION, batchHead, type BatchText, signedBytes } from './batch-text.js';
import type { EncodedDecision } from './decision-codec.js';
import type { DecisionStream } from './observer.js';
import type { DecisionSigner } from './signing.js';

/** Who writes: one process from its start to its end. */
export interface WriterIdentity {
  readonly cluster: string;
  readonly gateway: string;
  /** Random for each start, so that numbers never repeat. */
  readonly boot: string;
}

/** The fields of one stream entry, names and values in turn, as XADD takes them. */
export type EntryFields = readonly string[];

/** Numbers, chains and signs the batches that one process writes to one stream. */
export class BatchChain {
  readonly #stream: DecisionStream;
  readonly #writer: WriterIdentity;
  readonly #signer: DecisionSigner;
  #next = 0;
  #head = '';

  constructor(stream: DecisionStream, writer: WriterIdentity, signer: DecisionSigner) {
    this.#stream = stream;
    this.#writer = writer;
    this.#signer = signer;
  }

  /** The next batch of the chain. One signature, however many records there are. */
  seal(records: readonly EncodedDecision[], revision: string): EntryFields {
    const { cluster, gateway, boot } = this.#writer;
    const header = [BATCH_VERSION, cluster, gateway, boot, this.#next, this.#head, revision, this.#signer.id];
    const batch: BatchText = {
      n: String(records.length),
      h: JSON.stringify(header),
      d: `[${records.map(({ record }) => record).join(',')}]`,
      e: evidenceOf(records),
    };
    this.#head = batchHead(this.#stream, batch);
    this.#next += records.length;
    const signature = Buffer.from(this.#signer.sign(signedBytes(this.#head))).toString('base64url');
    const fields = ['n', batch.n, 'h', batch.h, 'd', batch.d, 'x', signature];
    return batch.e === undefined ? fields : [...fields, 'e', batch.e];
  }
}

function evidenceOf(records: readonly EncodedDecision[]): string | undefined {
  const pairs = records.flatMap(({ evidence }, index) =>
    evidence === undefined ? [] : [`[${index},${evidence}]`],
  );
  return pairs.length === 0 ? undefined : `[${pairs.join(',')}]`;
}
