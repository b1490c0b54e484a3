import type { DecisionSigner, DecisionVerifier } from '../decisions/signing.js';
import { BusKeyError } from './error.js';
import type { DecisionKeys } from './signature-keys.js';

const DOMAIN = 'decision-batch';

/** The pen of a gateway: signs batches of decisions with the newest private key. Throws BusKeyError where there is none. */
export function decisionSigner(keys: DecisionKeys | undefined): DecisionSigner {
  if (keys === undefined || !keys.canSign) {
    throw new BusKeyError('cannot-sign', 'expected <id>.decisions.key in the key directory, got none');
  }
  // The id that signs is the newest; asking with an empty body tells it without another accessor.
  const id = keys.sign(DOMAIN, '').kid;
  return { id, sign: (bytes) => Buffer.from(keys.sign(DOMAIN, bytes).signature, 'base64url') };
}

/** What readers believe: batches signed by any key that is here at that moment. */
export function decisionVerifier(keys: () => DecisionKeys | undefined): DecisionVerifier {
  return {
    verify: (kid, bytes, signature) =>
      keys()?.verify(DOMAIN, kid, Buffer.from(signature).toString('base64url'), bytes) ?? false,
  };
}
