export { type CosignDependencies, CosignValidator, type CosignValidatorConfig } from './cosign-validator.js';
export { InMemorySignatureSource } from './in-memory-signature-source.js';
export { type LogKey, logKeysFor, sigstoreLogKeys } from './log-keys.js';
export { RegistrySignatureSource } from './registry-signature-source.js';
export {
  type Repository,
  SignatureSource,
  type SourceDescriptor,
  type SourceManifest,
} from './signature-source.js';
export type { TrustRootConfig } from './trust-root.js';
