import type { DecisionRecord } from '#contracts';
import { z } from 'zod';

import { BATCH_VERSION, batchHead, type BatchText, MAX_BATCH, MAX_ENTRY, signedBytes } from './batch-text.js';
import { decodeDecision } from './decision-codec.js';
import type { DecisionStream, ForgeryReason } from './observer.js';
import { type DecisionVerifier, parseSignature } from './signing.js';

/** A batch that one of the gateways' keys proves. */
export interface OpenedBatch {
  readonly gateway: string;
  readonly boot: string;
  /** Number of the first record; the others follow. */
  readonly first: number;
  /** Heads of the chain before and after this batch. */
  readonly before: string;
  readonly head: string;
  readonly records: readonly DecisionRecord[];
}

export type Opened =
  | { readonly kind: 'batch'; readonly batch: OpenedBatch }
  | { readonly kind: 'forged'; readonly reason: ForgeryReason };

const Header = z.tuple([
  z.literal(BATCH_VERSION),
  z.string().max(128),
  z.string().min(1).max(128),
  z.string().min(1).max(64),
  z.number().int().nonnegative(),
  z.string().max(64),
  z.string().max(64),
  z.string().min(1).max(128),
]);
type Header = z.infer<typeof Header>;

/** What a reader believes: batches of this cluster that one of these keys proves. */
export interface BatchTrust {
  readonly cluster: string;
  readonly verifier: DecisionVerifier;
}

/** Fields of a stream entry to records, or the reason why they are not believed. Never throws: anybody may have written them. */
export function openBatch(stream: DecisionStream, fields: readonly string[], trust: BatchTrust): Opened {
  const text = toBatchText(fields);
  if (text === undefined) return { kind: 'forged', reason: 'malformed' };
  const signature = parseSignature(text.x);
  if (signature === undefined) return { kind: 'forged', reason: 'unsigned' };
  const header = parseHeader(text.h);
  if (header === undefined) return { kind: 'forged', reason: 'malformed' };
  const [, cluster, , , , , , keyId] = header;
  if (cluster !== trust.cluster) return { kind: 'forged', reason: 'cluster' };
  const head = batchHead(stream, text);
  if (!trust.verifier.verify(keyId, signedBytes(head), signature))
    return { kind: 'forged', reason: 'signature' };
  const records = parseRecords(text, header);
  if (records === undefined) return { kind: 'forged', reason: 'malformed' };
  const [, , gateway, boot, first, before] = header;
  return { kind: 'batch', batch: { gateway, boot, first, before, head, records } };
}

/** Each name once, nothing missing, nothing else, and not too long. */
function toBatchText(fields: readonly string[]): (BatchText & { x: string }) | undefined {
  const values = new Map<string, string>();
  let characters = 0;
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]];
    characters += value.length;
    if (values.has(name) || !'nhdxe'.includes(name) || name.length !== 1) return undefined;
    values.set(name, value);
  }
  const [n, h, d, x] = [values.get('n'), values.get('h'), values.get('d'), values.get('x') ?? ''];
  if (n === undefined || h === undefined || d === undefined || characters > MAX_ENTRY) return undefined;
  return { n, h, d, x, e: values.get('e') };
}

function parseHeader(text: string): Header | undefined {
  return Header.safeParse(parseJson(text)).data;
}

function parseRecords({ n, d, e }: BatchText, header: Header): DecisionRecord[] | undefined {
  const [, cluster, gateway, , , , revision] = header;
  const wires = parseJson(d);
  if (!Array.isArray(wires) || wires.length === 0 || wires.length > MAX_BATCH || String(wires.length) !== n)
    return undefined;
  const evidence = parseEvidence(e);
  try {
    return wires.map((wire, index) =>
      decodeDecision(wire, { cluster, gateway, revision }, evidence.get(index)),
    );
  } catch {
    // A gateway signed what this reader does not understand: the caller counts it as malformed.
    return undefined;
  }
}

function parseEvidence(text: string | undefined): Map<number, unknown> {
  const pairs = text === undefined ? [] : parseJson(text);
  return new Map(
    Array.isArray(pairs) ? pairs.filter(Array.isArray).map(([index, steps]) => [Number(index), steps]) : [],
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
