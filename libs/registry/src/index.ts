export { type AddressClass, classifyAddress, isLoopbackHost, type Reach } from './address-class.js';
export { createTransport, type TransportOptions } from './create-transport.js';
export { Credential } from './credential.js';
export { type CredentialEntry, Credentials } from './credentials.js';
export { CredentialsError, type CredentialsFault } from './credentials-error.js';
export type { Descriptor } from './descriptor.js';
export { RegistryError, type RegistryReason } from './error.js';
export type { HttpAnswer, HttpRequest, HttpTransport, Purpose, RequestReport } from './http-transport.js';
export { REGISTRY_LIMITS, type RegistryLimit, TRANSPORT_LIMITS } from './limits.js';
export { type ImageManifest, type IndexManifest, type Manifest, parseManifest } from './manifest.js';
export type { Resolve } from './pinned-connector.js';
export { CREDENTIAL_FILES, readCredentials, readUserCredentials } from './read-credentials.js';
export { type Referrers, referrersTag } from './referrers.js';
export {
  type ManifestTarget,
  RegistryClient,
  type RegistryClientOptions,
  type RepositoryTarget,
} from './registry-client.js';
export { canonicalHost, type RegistrySettings } from './registry-host.js';
export { isJsonObject, member, parseStrictJson, StrictJsonError } from './strict-json.js';
export { TransportError, type TransportReason } from './transport-error.js';
