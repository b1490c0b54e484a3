export { ConfigurationError, type Finding, formatFindings, type SourceFile } from './finding.js';
export type {
  AlertingConfig,
  AuthConfig,
  Configuration,
  CosignConfig,
  NotaryV1Config,
  CsiImageDriver,
  DetectOnlyIn,
  Features,
  LabelSelector,
  LogConfig,
  NamespacedValidation,
  ReceiverConfig,
  RegistryConfig,
  RuleConfig,
  StaticConfig,
  TrustRootConfig,
  UnbuiltConfig,
  ValidatorConfig,
} from './configuration.js';
export {
  type ConfigurationPaths,
  type ConfigurationSource,
  MOUNTED_PATHS,
  readConfigurationSource,
  type ReadFile,
} from './configuration-source.js';
export type { Environment } from './environment.js';
export { loadConfiguration } from './load-configuration.js';
export {
  type ConfigurationEvent,
  ConfigurationWatch,
  type ConfigurationWatchOptions,
} from './configuration-watch.js';
export type { WatchDirectory } from './directory-watches.js';
export { readFileBounded, watchDirectory } from './node-files.js';
export { readIfPresent } from './read-if-present.js';
export { chartJsonSchema } from './chart-schema.js';
export { jsonSchema } from './json-schema.js';
export type { FindingCode } from './report.js';
export { Secret } from './secret.js';
