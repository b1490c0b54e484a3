import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { json } from '@sigstore/core';

import { type LoggedEntry, VirtualLog } from './virtual-log.js';

/** A virtual log behind Rekor v1's HTTP interface: what a real cosign needs to upload an entry, and no more. */
export interface VirtualLogServer {
  readonly url: string;
  readonly log: VirtualLog;
  stop(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function startVirtualLogServer(log: VirtualLog = new VirtualLog()): Promise<VirtualLogServer> {
  const server = createServer((request, response) => {
    answer(log, request, response).catch((error: unknown) => {
      response.writeHead(400).end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP, so it is one
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(log: VirtualLog, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = `${request.method ?? ''} ${request.url ?? ''}`;
  if (route === 'GET /api/v1/log/publicKey') {
    response.writeHead(200, { 'content-type': 'application/x-pem-file' }).end(log.publicKeyPem);
  } else if (route === 'POST /api/v1/log/entries') {
    const entry = log.append(storedForm(JSON.parse((await readAll(request)).toString()) as ProposedEntry));
    const uuid = uuidOf(entry);
    // The real client reads the id from the header and ends without it.
    response.writeHead(201, {
      'content-type': 'application/json',
      etag: uuid,
      location: `/api/v1/log/entries/${uuid}`,
    });
    response.end(JSON.stringify({ [uuid]: toRekorAnswer(log, entry) }));
  } else {
    response.writeHead(404).end();
  }
}

/** What a client proposes, as the body that a log stores: hashes in place of contents, RFC 8785. */
function storedForm(proposed: ProposedEntry): Buffer {
  return Buffer.from(json.canonicalize(proposed.kind === 'dsse' ? storedDsse(proposed) : proposed));
}

interface ProposedEntry {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: {
    readonly proposedContent?: { readonly envelope: string; readonly verifiers: readonly string[] };
  };
}

function storedDsse({ kind, apiVersion, spec }: ProposedEntry): object {
  const { envelope = '', verifiers = [] } = spec.proposedContent ?? {};
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  return {
    kind,
    apiVersion,
    spec: {
      envelopeHash: { algorithm: 'sha256', value: sha256(Buffer.from(envelope)).toString('hex') },
      payloadHash: { algorithm: 'sha256', value: sha256(Buffer.from(payload, 'base64')).toString('hex') },
      signatures: signatures.map(({ sig }, index) => ({ signature: sig, verifier: verifiers[index] })),
    },
  };
}

function toRekorAnswer(log: VirtualLog, entry: LoggedEntry): object {
  const { SignedEntryTimestamp, Payload } = log.legacyBundle(entry);
  const { logIndex, rootHash, treeSize, hashes, checkpoint } = log.inclusionProof(entry);
  const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
  return {
    ...Payload,
    verification: {
      signedEntryTimestamp: SignedEntryTimestamp,
      inclusionProof: {
        logIndex: Number(logIndex),
        treeSize: Number(treeSize),
        rootHash: hex(rootHash),
        hashes: hashes.map(hex),
        checkpoint: checkpoint.envelope,
      },
    },
  };
}

/** Tree id and leaf hash, as Rekor names entries. */
function uuidOf({ body }: LoggedEntry): string {
  return `${'0'.repeat(15)}1${sha256(Buffer.concat([Buffer.of(0), body])).toString('hex')}`;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
