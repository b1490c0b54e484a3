import { checkAlerting } from './checks/alerting.js';
import { checkPatterns, lintPolicy } from './checks/patterns.js';
import { checkRegistries } from './checks/registries.js';
import { checkRule, type KnownValidators } from './checks/rule.js';
import { type CheckedValidator, checkValidator } from './checks/validator.js';
import type { Configuration, RuleConfig } from './configuration.js';
import type { ConfigurationSource } from './configuration-source.js';
import { readEnvironment } from './environment.js';
import { resolveFeatures } from './features.js';
import { ConfigurationError, type Finding } from './finding.js';
import { frozen } from './frozen.js';
import { resolveLog } from './log.js';
import { canonicalJson, sha256 } from './revision.js';
import { valueAt } from './schema/data.js';
import { RuleSchema } from './schema/rule.js';
import { salvage, salvageItems } from './schema/salvage.js';
import { ValidatorSchema } from './schema/validator.js';
import { readSections, type Section } from './sections.js';

/**
 * Text to one complete, cross-checked and frozen configuration. Throws {@link ConfigurationError} with every error at
 * once; what works but should be known is in `findings`. Defaults < file < environment.
 */
export function loadConfiguration(source: ConfigurationSource): Configuration {
  const findings: Finding[] = [];
  const sections = readSections(source, findings);
  const environment = readEnvironment(source.environment ?? {}, findings);
  const features = resolveFeatures(sections.get('features'), environment, findings);
  const log = resolveLog(sections.get('logLevel'), sections.get('logFormat'), environment, findings);
  const validators = loadValidators(sections.get('validators'));
  const policy = loadPolicy(sections.get('policy'), validators, features.patternMatching);
  const registries = checkRegistries(sections.get('registries'));
  const alerting = checkAlerting(sections.get('alerting'));

  const ordered = inFileOrder(findings, source);
  if (ordered.some(({ severity }) => severity === 'error')) throw new ConfigurationError(ordered);

  const checked = [...validators.checked.values()];
  const meanings = checked.map(({ meaning }) => meaning);
  const trustRevision = sha256(canonicalJson({ format: 1, validators: meanings, registries }));
  const rules = policy.map(({ hash }) => hash);
  const revision = sha256(canonicalJson({ format: 1, trustRevision, rules, features, alerting }));
  return frozen({
    revision,
    trustRevision,
    validators: checked.map(({ config }) => config),
    policy,
    registries,
    features,
    alerting,
    log,
    findings: ordered,
  });
}

/** Validators by name, the first of each. The schema's issues are reported already. */
function loadValidators(section: Section | undefined): KnownValidators {
  const names = new Set<string>();
  const checked = new Map<string, CheckedValidator>();
  const items = itemsOf(section);
  for (const [index, item] of items) {
    const name = valueAt(item, ['name']);
    if (typeof name !== 'string') continue;
    if (names.has(name)) {
      section?.report.error('duplicate-name', `there is a validator "${name}" already`, [index, 'name']);
    }
    names.add(name);
    const input = salvage(ValidatorSchema, item);
    if (input === undefined || section === undefined) continue;
    const validator = checkValidator(input, section.report.at(index));
    if (!checked.has(name)) checked.set(name, validator);
  }
  const isComplete =
    items.length > 0 && items.every(([, item]) => typeof valueAt(item, ['name']) === 'string');
  return { names: [...names], isComplete, checked };
}

function loadPolicy(
  section: Section | undefined,
  validators: KnownValidators,
  matching: Configuration['features']['patternMatching'],
): readonly RuleConfig[] {
  if (section === undefined) return [];
  const inputs = salvageItems(RuleSchema, section.value);
  const patterns = inputs.map(([index, { pattern, validator }]) => {
    const config = validators.checked.get(validator)?.config;
    return { index, pattern, isStaticAllow: config?.type === 'static' && config.approve };
  });
  const isSound = checkPatterns(patterns, matching, section.report);
  if (isSound && inputs.length === itemsOf(section).length) lintPolicy(patterns, matching, section.report);
  return inputs.flatMap(([index, input]) => {
    const rule = checkRule(input, index, validators, section.report.at(index));
    return rule === undefined ? [] : [rule];
  });
}

function itemsOf(section: Section | undefined): [number, unknown][] {
  return Array.isArray(section?.value) ? [...section.value.entries()] : [];
}

/** By file, then by line and column: as a person reads. */
function inFileOrder(
  findings: readonly Finding[],
  { file, alerts }: ConfigurationSource,
): readonly Finding[] {
  const files = [file.name, alerts?.name];
  return findings.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
