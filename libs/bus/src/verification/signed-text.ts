import type { VerdictKeys } from '../keys/signature-keys.js';
import { EnvelopeError } from './error.js';
import { MAX_BODY_BYTES } from './request-envelope.js';

/** Key id, signature, two dots: what stands before the body takes no more than this. */
const MAX_PREFIX = 64 + 86 + 2;

/** `<key id>.<signature>.<body>`: a text signed by a verifier, for one domain. */
export function sealText(domain: string, body: string, keys: VerdictKeys): string {
  const { kid, signature } = keys.sign(domain, body);
  return `${kid}.${signature}.${body}`;
}

/** The body of a text that a verifier signed for this domain; throws {@link EnvelopeError}. */
export function openText(domain: string, text: string, keys: VerdictKeys): string {
  if (text.length > MAX_BODY_BYTES + MAX_PREFIX || Buffer.byteLength(text) > MAX_BODY_BYTES + MAX_PREFIX) {
    throw new EnvelopeError('size', `expected a body of at most ${MAX_BODY_BYTES} bytes`);
  }
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  if (first < 1 || second < first) throw new EnvelopeError('shape', 'expected <key id>.<signature>.<body>');
  const body = text.slice(second + 1);
  if (keys.verify(domain, text.slice(0, first), text.slice(first + 1, second), body)) return body;
  throw new EnvelopeError('authentication', 'expected a valid signature by a known verifier key');
}
