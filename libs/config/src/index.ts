export { ConfigurationError, type Finding, formatFindings } from './finding.js';
export type {
  AlertingConfig,
  AuthConfig,
  Configuration,
  CosignConfig,
  Features,
  LogConfig,
  ReceiverConfig,
  RegistryConfig,
  RuleConfig,
  StaticConfig,
  TrustRootConfig,
  UnbuiltConfig,
  ValidatorConfig,
} from './configuration.js';
export { type ConfigurationSource, loadConfiguration } from './load-configuration.js';
export { ConfigurationWatch } from './configuration-watch.js';
export { jsonSchema } from './json-schema.js';
export { Secret } from './secret.js';
