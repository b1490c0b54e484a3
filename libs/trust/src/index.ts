export { decodeBase64, decodeHex } from './encoding.js';
export { TrustError, type TrustFault } from './error.js';
export { parsePem, type PemBlock } from './pem.js';
export {
  type EcdsaCurve,
  type Fingerprint,
  parsePublicKey,
  type PublicKey,
  publicKeyFromKeyObject,
  publicKeyFromSpki,
} from './public-key.js';
export { verifySignature } from './verify-signature.js';
export { type SignatureScheme, verifyScheme } from './verify-scheme.js';
