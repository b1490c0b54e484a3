import { decodeBase64 } from '#trust';

import { MalformedSignatureError } from './error.js';
import type { Candidate } from './found-signature.js';
import { parseLegacyLogEntry } from './log-entry.js';
import type { PayloadReader } from './payload.js';
import type { SourceDescriptor } from './signature-source.js';
import { parseSimpleSigning } from './simple-signing.js';

const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';
const LOG_ANNOTATION = 'dev.sigstore.cosign/bundle';
/** RSA-16384 makes 2 048 bytes. */
const MAX_SIGNATURE_CHARACTERS = 4096;
const MAX_LOG_ENTRY_CHARACTERS = 131_072;

/** Reads one layer of a `.sig` manifest; throws MalformedSignatureError or TrustError. */
export async function readLegacySignature(
  layer: SourceDescriptor,
  payloads: PayloadReader,
): Promise<Candidate> {
  const signature = decodeBase64(annotation(layer, SIGNATURE_ANNOTATION, MAX_SIGNATURE_CHARACTERS));
  const payload = await payloads.read(layer);
  return {
    kind: 'signature',
    signature: {
      format: 'legacy',
      signature,
      content: { kind: 'message', bytes: payload },
      digests: [parseSimpleSigning(payload)],
      namedKey: undefined,
      logEntries: () =>
        layer.annotations.has(LOG_ANNOTATION)
          ? [parseLegacyLogEntry(annotation(layer, LOG_ANNOTATION, MAX_LOG_ENTRY_CHARACTERS))]
          : [],
    },
  };
}

function annotation(layer: SourceDescriptor, name: string, maxCharacters: number): string {
  const text = layer.annotations.get(name);
  if (text === undefined || text.length > maxCharacters) {
    throw new MalformedSignatureError(
      `expected the annotation ${name} with at most ${maxCharacters} characters`,
    );
  }
  return text;
}
