import { z } from 'zod';

import { PROTOCOL_VERSION, VerificationRequest } from '#contracts';

import type { RequestKeys } from '../keys/request-keys.js';
import { EnvelopeError } from './error.js';

/** Longest body of a message, bytes; checked before anything is parsed. */
export const MAX_BODY_BYTES = 64 * 1024;
const DOMAIN = 'connaisseur/request/v1';

/** A request of another protocol version may carry more; what is needed to say no to it is the same. */
const ForeignRequest = VerificationRequest.strip();
const Header = z.object({ v: z.number().int() });

/** The fields of the stream entry for a request, in the order name, value, name, value. */
export function sealRequest(request: VerificationRequest, keys: RequestKeys): string[] {
  const body = JSON.stringify(request);
  const { kid, mac } = keys.sign(DOMAIN, body);
  return ['body', body, 'kid', kid, 'mac', mac];
}

/**
 * The request in the fields of a stream entry, authentic and of the contract's shape; throws {@link EnvelopeError}. One of
 * another protocol version is returned too, so that its sender can be told; look at `v`.
 */
export function openRequest(fields: readonly string[], keys: RequestKeys): VerificationRequest {
  const { body, kid, mac } = readFields(fields);
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    throw new EnvelopeError(
      'size',
      `expected a request of at most ${MAX_BODY_BYTES} bytes, got ${Buffer.byteLength(body)}`,
    );
  }
  if (!keys.verify(DOMAIN, kid, mac, body)) {
    throw new EnvelopeError('authentication', 'expected a request with a valid MAC by a known key');
  }
  return parseRequest(body);
}

function readFields(fields: readonly string[]): { body: string; kid: string; mac: string } {
  const [bodyName, body, kidName, kid, macName, mac] = fields;
  if (fields.length !== 6 || bodyName !== 'body' || kidName !== 'kid' || macName !== 'mac') {
    throw new EnvelopeError('shape', 'expected exactly the fields body, kid and mac');
  }
  return { body: body ?? '', kid: kid ?? '', mac: mac ?? '' };
}

function parseRequest(body: string): VerificationRequest {
  const json = parseJson(body);
  const header = Header.safeParse(json);
  const schema = header.success && header.data.v !== PROTOCOL_VERSION ? ForeignRequest : VerificationRequest;
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new EnvelopeError('schema', 'expected a verification request', { cause: parsed.error });
}

/** Text to JSON; throws {@link EnvelopeError}. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EnvelopeError('schema', 'expected JSON', { cause });
  }
}
