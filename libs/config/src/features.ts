import type { Features } from './configuration.js';
import type { EnvironmentSettings } from './environment.js';
import type { Finding } from './finding.js';
import { type FeaturesInput, FeaturesSchema } from './schema/features.js';
import { salvage } from './schema/salvage.js';
import type { Section } from './sections.js';

/** The features, complete: defaults < file < environment. */
export function resolveFeatures(
  section: Section | undefined,
  environment: EnvironmentSettings,
  findings: Finding[],
): Features {
  // Issues of the section are reported already; the defaults then let the other checks run.
  const input: FeaturesInput = salvage(FeaturesSchema, section?.value ?? {}) ?? FeaturesSchema.parse({});
  const { namespacedValidation, cache, ...others } = input;
  const expirySeconds = Math.max(0, environment.cache.expirySeconds ?? cache.expirySeconds);
  const features: Features = {
    ...others,
    namespacedValidation: namespacedValidation === false ? undefined : namespacedValidation,
    ...environment.features,
    cache: { ...cache, ...environment.cache, expirySeconds },
  };
  if (features.detectionMode) warnDetection(section, environment, findings);
  return features;
}

function warnDetection(
  section: Section | undefined,
  environment: EnvironmentSettings,
  findings: Finding[],
): void {
  const message = 'detection mode is on: nothing is denied';
  if (environment.features.detectionMode === undefined) {
    section?.report.warning('weakened', message, ['detectionMode']);
    return;
  }
  const place = { file: 'environment', line: 0, column: 0, path: 'DETECTION_MODE' };
  findings.push({ severity: 'warning', code: 'weakened', ...place, message });
}
