import type { DecisionSigner, DecisionVerifier } from '../decisions/signing.js';
import type { VerdictKeys } from '../keys/signature-keys.js';

/** Keeps records of the store apart from all else that a verifier's key signs, replies above all. */
const DOMAIN = 'shared-verdict';

/** A verifier's pen for shared verdicts: the newest private key of the set that `keys` gives now. */
export function verdictSigner(keys: () => VerdictKeys): DecisionSigner {
  let named: { readonly set: VerdictKeys; readonly id: string } | undefined;
  return {
    get id() {
      const set = keys();
      // The id that signs is the newest; asking with an empty body tells it without another accessor.
      if (named?.set !== set) named = { set, id: set.sign(DOMAIN, '').kid };
      return named.id;
    },
    sign: (bytes) => Buffer.from(keys().sign(DOMAIN, bytes).signature, 'base64url'),
  };
}

/** Believes every key of the set that `keys` gives now: one that was taken away proves nothing from then on. */
export function verdictVerifier(keys: () => VerdictKeys): DecisionVerifier {
  return {
    verify: (kid, bytes, signature) =>
      keys().verify(DOMAIN, kid, Buffer.from(signature).toString('base64url'), bytes),
  };
}
