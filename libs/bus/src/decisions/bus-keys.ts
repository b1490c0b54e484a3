import type { DecisionKeys, VerdictKeys } from '../keys/signature-keys.js';
import type { DecisionSigner, DecisionVerifier } from './signing.js';

/** Keeps these signatures apart from all others that the same key makes. */
export type SigningDomain = 'decision-batch' | 'shared-verdict';

/** Signs with the newest private key of the set that `keys` gives; a new set takes effect with the next signature. */
export function signerFrom(keys: () => DecisionKeys | VerdictKeys, domain: SigningDomain): DecisionSigner {
  let named: { readonly keys: DecisionKeys | VerdictKeys; readonly id: string } | undefined;
  const current = (): { readonly keys: DecisionKeys | VerdictKeys; readonly id: string } => {
    const set = keys();
    // A set says which of its keys signs only with a signature.
    if (named?.keys !== set) named = { keys: set, id: set.sign(domain, '').kid };
    return named;
  };
  return {
    get id() {
      return current().id;
    },
    sign: (bytes) => Buffer.from(current().keys.sign(domain, bytes).signature, 'base64url'),
  };
}

/** Verifies with the set that `keys` gives; a key that was taken away proves nothing from then on. */
export function verifierFrom(
  keys: () => DecisionKeys | VerdictKeys,
  domain: SigningDomain,
): DecisionVerifier {
  return {
    verify: (keyId, bytes, signature) =>
      keys().verify(domain, keyId, Buffer.from(signature).toString('base64url'), bytes),
  };
}
