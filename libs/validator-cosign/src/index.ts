export { CosignValidator, type CosignDependencies, type CosignValidatorConfig } from './cosign-validator.js';
export { type LogKey, logKeysFor, sigstoreLogKeys } from './log-keys.js';
export {
  type Repository,
  SignatureSource,
  type SourceDescriptor,
  type SourceManifest,
} from './signature-source.js';
export type { TrustRootConfig } from './trust-root.js';
