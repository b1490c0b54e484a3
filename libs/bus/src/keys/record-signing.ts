import type { DecisionSigner, DecisionVerifier } from '../decisions/signing.js';
import { BusKeyError } from './error.js';
import type { DecisionKeys, SignatureKeys, VerdictKeys } from './signature-keys.js';

/** Keeps batches of decisions, shared verdicts and admitted workloads apart from all else that the same key signs. */
const DOMAINS = {
  decisions: 'decision-batch',
  verdicts: 'shared-verdict',
  workloads: 'admitted-workload',
  floors: 'version-floor',
} as const;

/** The pen of a gateway for its decisions: the newest private key that is here. Throws BusKeyError where there is none. */
export function decisionSigner(keys: () => DecisionKeys | undefined): DecisionSigner {
  return signer(keys, DOMAINS.decisions);
}

/** What readers of decisions believe: any key that is here at that moment. */
export function decisionVerifier(keys: () => DecisionKeys | undefined): DecisionVerifier {
  return verifier(keys, DOMAINS.decisions);
}

/** The pen of a gateway for the workloads that it admitted. Throws BusKeyError where there is none. */
export function workloadSigner(keys: () => DecisionKeys | undefined): DecisionSigner {
  return signer(keys, DOMAINS.workloads);
}

/** Whose admitted workloads are believed: those of any gateway whose key is here at that moment. */
export function workloadVerifier(keys: () => DecisionKeys | undefined): DecisionVerifier {
  return verifier(keys, DOMAINS.workloads);
}

/** A verifier's pen for shared verdicts. Throws BusKeyError where there is no private key. */
export function verdictSigner(keys: () => VerdictKeys | undefined): DecisionSigner {
  return signer(keys, DOMAINS.verdicts);
}

/** Whose shared verdicts are believed: a key that was taken away proves nothing from then on. */
export function verdictVerifier(keys: () => VerdictKeys | undefined): DecisionVerifier {
  return verifier(keys, DOMAINS.verdicts);
}

/** A verifier's pen for the highest versions that it has seen. Throws BusKeyError where there is no private key. */
export function floorSigner(keys: () => VerdictKeys | undefined): DecisionSigner {
  return signer(keys, DOMAINS.floors);
}

/** Whose highest versions are believed: those of any verifier whose key is here at that moment. */
export function floorVerifier(keys: () => VerdictKeys | undefined): DecisionVerifier {
  return verifier(keys, DOMAINS.floors);
}

function signer(keys: () => SignatureKeys | undefined, domain: string): DecisionSigner {
  const present = (): SignatureKeys => {
    const set = keys();
    if (set?.signingId !== undefined) return set;
    throw new BusKeyError('cannot-sign', 'expected a private key in the key directory, got none');
  };
  // At once, so that a process without its pen does not start.
  present();
  return {
    get id() {
      return present().signingId ?? '';
    },
    sign: (bytes) => Buffer.from(present().sign(domain, bytes).signature, 'base64url'),
  };
}

function verifier(keys: () => SignatureKeys | undefined, domain: string): DecisionVerifier {
  return {
    verify: (kid, bytes, signature) =>
      keys()?.verify(domain, kid, Buffer.from(signature).toString('base64url'), bytes) ?? false,
  };
}
