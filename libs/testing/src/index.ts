export { aDecidedImage, aDenial, anAdmission } from './decision-builder.js';
export {
  type ReceivedAlert,
  type ReceiverBehaviour,
  type ReceiverTls,
  VirtualReceiver,
} from './virtual-receiver.js';
export { type RealRegistry, startRealRegistry } from './real-registry.js';
export { type PlainAnswer, sendPlain, sendToxic, type Toxic } from './toxic-answer.js';
export { type Misbehaviour, VirtualRegistry, type VirtualRegistryOptions } from './virtual-registry.js';
export type { RegistryAuth } from './virtual-registry-auth.js';
export { type ServerCertificate, TestAuthority } from './virtual-registry-certificate.js';
export {
  type ContentDescriptor,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  manifestBytes,
  OCI_INDEX,
  OCI_MANIFEST,
  pushArtifact,
  type PushedManifest,
  pushImage,
  pushIndex,
  pushLegacySignature,
  pushReferrersTag,
  type RegistryContent,
  type TestArtifact,
  type TestLayer,
} from './virtual-registry-images.js';
export { Journal, type JournalEntry } from './virtual-registry-journal.js';
export { RegistryPusher } from './virtual-registry-push.js';
export { CosignSigner, type CosignBundle, type SignatureFault, type SignOptions } from './cosign-signer.js';
export { type EntryKind, entryBody, type LoggedSignature } from './cosign-signer-entry.js';
export { SigningKey, type SigningKeyKind } from './cosign-signer-key.js';
export { pushBundle, pushBundlesUnderTag } from './cosign-signer-push.js';
export {
  type LoggedEntry,
  type LogProof,
  type RekorBundle,
  type TlogEntry,
  VirtualLog,
  type VirtualLogKind,
  type VirtualLogOptions,
} from './virtual-log.js';
export { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from './private-redis.js';
export { RealCosign, type RealKeyPair, type RealSignatureFormat } from './real-cosign.js';
export { startVirtualLogServer, type VirtualLogServer } from './virtual-log-server.js';
export { VirtualApiServer } from './virtual-api-server.js';
export {
  type ClusterAnswer,
  type ClusterFault,
  type ClusterRequest,
  VirtualCluster,
} from './virtual-cluster.js';
export { NotaryKey, type NotaryKeyType, type NotarySignature } from './notary/notary-key.js';
export {
  NOTARY_COLLECTION,
  NOTARY_KEYS,
  NOTARY_NOW,
  type NotaryAsking,
  notaryDigest,
  NotaryWorld,
  type NotaryWorldOptions,
} from './notary/notary-world.js';
export { RealNotary, type RealNotaryOptions } from './notary/real-notary.js';
export { signingForm } from './notary/signing-form.js';
export { type AnyJson, type TrustDataBreak, VirtualCollection } from './notary/virtual-collection.js';
export { type NotaryKeys, VirtualNotary, virtualNotaryKeys } from './notary/virtual-notary.js';
export { type NotaryMisbehaviour, VirtualNotaryTransport } from './notary/virtual-notary-transport.js';
