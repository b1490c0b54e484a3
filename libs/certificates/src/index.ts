export { issueServing, type KeyPair, type Lifetime, makeAuthority } from './authority.js';
export { type CertificateLife, lifeOf } from './lifetime.js';
export { bundleHolds, CertificateError, isTrustedBy, joinBundle, parseCertificates } from './trust-bundle.js';
