import { type ConfigurationSource, readConfigurationSource, readFileBounded } from '#config';

/** The policy file as one source; throws ConfigurationError where it cannot be read. */
export function policySource(path: string): ConfigurationSource {
  return readConfigurationSource({ policy: path }, readFileBounded, process.env);
}
