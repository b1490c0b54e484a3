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
  warnUnbuilt(section);
  return features;
}

/** What somebody switched on and this version does not do. Both count as off, which is the strict side. */
function warnUnbuilt(section: Section | undefined): void {
  const written = section?.value;
  if (typeof written !== 'object' || written === null) return;
  if ('automaticChildApproval' in written && written.automaticChildApproval === true) {
    const message = 'child approval is not implemented in this version: every image of a child is verified';
    section?.report.warning('unbuilt', message, ['automaticChildApproval']);
  }
  if ('namespacedValidation' in written && written.namespacedValidation !== false) {
    const message =
      'namespaced validation is done by the webhook configuration, which this version does not install: every request that arrives is validated';
    section?.report.warning('unbuilt', message, ['namespacedValidation']);
  }
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
