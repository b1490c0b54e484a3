import type { DetectOnlyIn, Features, NamespacedValidation } from './configuration.js';
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
  const { namespacedValidation, insecureDetectOnlyIn, cache, ...others } = input;
  const expirySeconds = Math.max(0, environment.cache.expirySeconds ?? cache.expirySeconds);
  const features: Features = {
    ...others,
    namespacedValidation: toNamespacedValidation(namespacedValidation, section),
    insecureDetectOnlyIn: toDetectOnlyIn(insecureDetectOnlyIn, section),
    ...environment.features,
    cache: { ...cache, ...environment.cache, expirySeconds },
  };
  if (features.detectionMode) warnDetection(section, environment, findings);
  if (features.automaticChildApproval && features.resourceValidationMode === 'podsOnly') {
    warnChildApproval(section);
  }
  return features;
}

/** The names belong to one mode each: with the other one they would mean the opposite. */
function toNamespacedValidation(
  input: FeaturesInput['namespacedValidation'],
  section: Section | undefined,
): NamespacedValidation | undefined {
  if (input === undefined || input === false) return undefined;
  const { mode, insecureIgnoreNamespaces, insecureOnlyNamespaces } = input;
  const report = section?.report.at('namespacedValidation');
  const [namespaces, other, key] =
    mode === 'ignore'
      ? ([insecureIgnoreNamespaces, insecureOnlyNamespaces, 'insecureOnlyNamespaces'] as const)
      : ([insecureOnlyNamespaces, insecureIgnoreNamespaces, 'insecureIgnoreNamespaces'] as const);
  if (other !== undefined) report?.error('exclusive', `expected no ${key} with mode ${mode}`, [key], 'key');
  report?.warning('weakened', namespacedWarning(mode, namespaces), [], 'key');
  return namespaces === undefined ? { mode } : { mode, namespaces };
}

function namespacedWarning(mode: NamespacedValidation['mode'], names: readonly string[] | undefined): string {
  const label = 'the label securesystemsengineering.connaisseur/webhook';
  if (mode === 'ignore') {
    const named = names === undefined ? '' : ` and ${names.join(', ').slice(0, 200)}`;
    return `namespaces with ${label}: ignore${named} are not validated: whoever may set it decides`;
  }
  return names === undefined
    ? `only namespaces with ${label}: validate are validated: whoever may take it away decides`
    : `only these namespaces are validated: ${names.join(', ').slice(0, 200)}`;
}

function toDetectOnlyIn(
  input: FeaturesInput['insecureDetectOnlyIn'],
  section: Section | undefined,
): DetectOnlyIn | undefined {
  if (input === undefined) return undefined;
  const { namespaces, namespaceSelector } = input;
  const path = ['insecureDetectOnlyIn'];
  if (namespaces === undefined && namespaceSelector === undefined) {
    section?.report.error('required', 'expected namespaces or namespaceSelector, got neither', path);
    return undefined;
  }
  section?.report.warning('weakened', 'nothing is denied in the namespaces that this names', path, 'key');
  const { matchLabels = {}, matchExpressions = [] } = namespaceSelector ?? {};
  return {
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector: { matchLabels, matchExpressions } }),
  };
}

/** P03: a template that nobody enforces would vouch for the pods that are. */
function warnChildApproval(section: Section | undefined): void {
  // Upstream's default is not worth a word; what somebody wrote is.
  if (section?.report.has('automaticChildApproval') !== true) return;
  const message = 'child approval has no effect with resourceValidationMode podsOnly: every pod is verified';
  section.report.warning('no-effect', message, ['automaticChildApproval']);
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
