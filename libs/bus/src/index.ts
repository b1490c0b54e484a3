export { type BusKeys, readBusKeys } from './keys/bus-keys.js';
export {
  decisionSigner,
  decisionVerifier,
  floorSigner,
  floorVerifier,
  verdictSigner,
  verdictVerifier,
  workloadSigner,
  workloadVerifier,
} from './keys/record-signing.js';
export { AdmittedWorkloads, type OwnerPlace } from './cache/admitted-workloads.js';
export { InMemoryAdmittedWorkloads } from './cache/in-memory-admitted-workloads.js';
export {
  ADMITTED_KEYS,
  type AdmittedWorkloadsEvent,
  RedisAdmittedWorkloads,
  type RedisAdmittedWorkloadsOptions,
} from './cache/redis-admitted-workloads.js';
export {
  FLOOR_RESETS,
  RedisVersionFloors,
  type RedisVersionFloorsOptions,
  type VersionFloorEvent,
} from './cache/redis-version-floors.js';
export { BusKeyError, type BusKeyFault } from './keys/error.js';
export { generateBusKeys } from './keys/generate-bus-keys.js';
export { RequestKeys } from './keys/request-keys.js';
export { DecisionKeys, type Signature, VerdictKeys } from './keys/signature-keys.js';
export {
  type AppendOptions,
  DecisionLog,
  DecisionLogError,
  type DecisionLogStats,
} from './decisions/decision-log.js';
export {
  type DecisionHandler,
  DecisionSource,
  type GroupReader,
  type HistoryPage,
  type HistoryQuery,
  type StoredDecision,
  type TailOptions,
} from './decisions/decision-source.js';
export { InMemoryDecisions } from './decisions/in-memory-decisions.js';
export { type Journal, JournalError, noJournal } from './decisions/journal.js';
export { type JournalFile, openJournalFile } from './decisions/journal-file.js';
export { LocalJournal, type LocalJournalOptions } from './decisions/local-journal.js';
export {
  type DecisionEvent,
  type DecisionObserver,
  type DecisionStream,
  type ForgeryReason,
  ignoreDecisionEvents,
  type LossReason,
} from './decisions/observer.js';
export { RecordIdError } from './decisions/record-id.js';
export { type BlockingRedis, type RedisCommands, STREAM_KEYS } from './decisions/redis-commands.js';
export {
  type DecisionLogLimits,
  RedisDecisionLog,
  type RedisDecisionLogOptions,
} from './decisions/redis-decision-log.js';
export { RedisDecisionSource, type RedisDecisionSourceOptions } from './decisions/redis-decision-source.js';
export {
  type DecisionSigner,
  type DecisionVerifier,
  Ed25519Signer,
  Ed25519Verifier,
} from './decisions/signing.js';
export {
  InMemoryVerificationBus,
  type InMemoryVerificationBusOptions,
} from './memory/in-memory-verification-bus.js';
export { BUS_ACL, REDIS_LIMITS, redisAclFile, redisAclLines, type RedisComponent } from './redis/acl.js';
export { KEY_HOLDERS, keysOf, newKeyId } from './keys/key-holders.js';
export {
  createRedis,
  type RedisConnection,
  type RedisRole,
  type RedisSettings,
} from './redis/create-redis.js';
export { type RedisFault, RedisSetupError } from './redis/error.js';
export type { Connect } from './redis/redis-link.js';
export { readRedisSettings } from './redis/redis-settings.js';
export { RedisVerificationBus, type RedisVerificationBusOptions } from './redis/redis-verification-bus.js';
export { assertRedisVersion } from './redis/redis-version.js';
export type { GatewayKeys } from './redis/request-channel.js';
export type { StreamsClient, StreamsClientOptions } from './redis/streams-client.js';
export { StreamsContext, VERIFY_PATTERN } from './redis/streams-context.js';
export type { StreamsServer, StreamsServerEvents } from './redis/streams-server.js';
export { loadStreamsTransport, type StreamsTransport } from './redis/streams-transport.js';
export type { StreamsWorkerOptions, VerifierKeys, WorkerHealth } from './redis/worker-options.js';
export type { VerifierAnswer, VerifyHandler } from './verification/answer.js';
export type { Clock } from './verification/clock.js';
export type { CrashSettings } from './verification/crash-marks.js';
export {
  BusDownError,
  BusSilentError,
  EnvelopeError,
  type EnvelopeFault,
  type SilenceReason,
} from './verification/error.js';
export type { HedgeSettings } from './verification/hedge-pace.js';
export type { IsolationSettings } from './verification/isolation.js';
export { type BusEvent, type BusObserver, type ServerState } from './verification/observer.js';
export { type BusHealth, type BusQuestion, VerificationBus } from './verification/verification-bus.js';
export { InMemorySharedVerdicts } from './cache/in-memory-shared-verdicts.js';
export {
  RedisSharedVerdicts,
  type RedisSharedVerdictsOptions,
  type SharedVerdictEvent,
} from './cache/redis-shared-verdicts.js';
export { SharedVerdicts, type SharedVerdictStats, type VerdictLimits } from './cache/shared-verdicts.js';
