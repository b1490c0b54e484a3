import type { RuleOptions } from '#validator';

import type { RuleConfig } from '../configuration.js';
import type { Report } from '../report.js';
import { canonicalJson, sha256 } from '../revision.js';
import type { RuleInput, WithInput } from '../schema/rule.js';
import type { ValidatorInput } from '../schema/validator.js';
import { didYouMean } from '../suggestion.js';

import type { CheckedValidator } from './validator.js';

/** All names that validators have in the file, and the validators among them that could be read. */
export interface KnownValidators {
  readonly names: readonly string[];
  /** False where a validator has no readable name: it could be any. */
  readonly isComplete: boolean;
  readonly checked: ReadonlyMap<string, CheckedValidator>;
}

/** Rule → validator → trust root, and what the rule asks of it. Undefined after a finding. */
export function checkRule(
  input: RuleInput,
  index: number,
  validators: KnownValidators,
  report: Report,
): RuleConfig | undefined {
  if (input.with.mode === 'insecureValidateOnly') {
    report.warning(
      'weakened',
      'insecureValidateOnly: what runs may be another digest than the verified one',
      ['with', 'mode'],
    );
  }
  if (input.insecureDetectOnly) {
    report.warning('weakened', 'insecureDetectOnly: what this rule denies is let in', ['insecureDetectOnly']);
  }
  if (!validators.names.includes(input.validator)) {
    if (!validators.isComplete) return undefined;
    const implied = report.has('validator') ? '' : ', which is implied where a rule names none';
    const hint = didYouMean(input.validator, validators.names);
    report.error('unknown-validator', `there is no validator "${input.validator}"${implied}${hint}`, [
      'validator',
    ]);
    return undefined;
  }
  const validator = validators.checked.get(input.validator);
  if (validator === undefined) return undefined;
  checkOptions(input.with, validator.config.type, report.at('with'));
  checkDelegations(input.with, report.at('with').at('delegations'));
  if (validator.config.type !== 'static') checkTrustRoots(input, validator, report);
  const options = toRuleOptions(input.with);
  const { pattern, namespaces } = input;
  // Absent where nothing is said, so that a rule that holds everywhere and enforces has the hash that it always had.
  const where = {
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(input.insecureDetectOnly ? { insecureDetectOnly: true as const } : {}),
  };
  const meaning = { format: 1, pattern, ...where, with: options, validator: validator.meaning };
  const hash = sha256(canonicalJson(meaning));
  return { index, pattern, validator: input.validator, ...where, with: options, hash };
}

type Type = ValidatorInput['type'];

/** Which types read which option. `mode` is for all. */
const READ_BY: Readonly<Record<Exclude<keyof WithInput, 'mode'>, readonly Type[]>> = {
  trustRoot: ['cosign', 'notaryv1', 'notation'],
  threshold: ['cosign'],
  required: ['cosign'],
  delegations: ['notaryv1'],
  verifyInTransparencyLog: ['cosign'],
  verifySCT: ['cosign'],
  verificationLevel: ['notation'],
  verifyTimestamp: ['notation'],
};
/** A demand that nobody would check is an error: somebody relies on it. */
const DEMANDS: readonly string[] = ['threshold', 'required', 'delegations'];

function checkOptions(options: WithInput, type: Type, report: Report): void {
  if (options.required !== undefined && options.delegations !== undefined) {
    report.error('exclusive', 'expected required or delegations, got both', ['delegations'], 'key');
    return;
  }
  for (const [key, types] of Object.entries(READ_BY)) {
    if (types.includes(type) || !report.has(key)) continue;
    if (DEMANDS.includes(key)) {
      report.error(
        'not-enforced',
        `a validator of type ${type} does not check ${key}: remove it`,
        [key],
        'key',
      );
    } else {
      report.warning('no-effect', `${key} has no effect for a validator of type ${type}`, [key], 'key');
    }
  }
}

/** Notary's grammar, with or without `targets/` before it. */
const DELEGATION = /^[-a-z0-9_]+(?:\/[-a-z0-9_]+)*$/;

function checkDelegations({ delegations = [] }: WithInput, report: Report): void {
  for (const [index, name] of delegations.entries()) {
    if (DELEGATION.test(name)) continue;
    report.error(
      'value',
      'expected a role such as "releases": small letters, digits, "-" and "_", steps parted by "/"',
      [index],
    );
  }
}

function checkTrustRoots(
  { with: options }: RuleInput,
  { config, trustRoots }: CheckedValidator,
  rule: Report,
): void {
  const report = rule.at('with');
  const { trustRoot, threshold, required = [] } = options;
  const known = trustRoots.map((name) => `"${name}"`).join(', ');
  if (trustRoot !== '*' && !trustRoots.includes(trustRoot)) {
    const implied = report.has('trustRoot') ? '' : ', which is implied where a rule names none';
    const message = `validator "${config.name}" has no trust root "${trustRoot}"${implied}; it has ${known}`;
    report.error('unknown-trust-root', message, ['trustRoot']);
    return;
  }
  if (config.type !== 'cosign') return;
  const usable = trustRoot === '*' ? trustRoots : [trustRoot];
  if (threshold !== undefined && threshold > usable.length) {
    const roots = `${usable.length} trust ${usable.length === 1 ? 'root' : 'roots'}`;
    report.error(
      'threshold',
      `expected at most ${usable.length}, got ${threshold}: this rule trusts ${roots}`,
      ['threshold'],
    );
  }
  const seen = new Set<string>();
  for (const [index, name] of required.entries()) {
    if (!usable.includes(name)) {
      report.error(
        'unknown-trust-root',
        `required trust root "${name}" is none of this rule; it has ${known}`,
        ['required', index],
      );
    }
    if (seen.has(name)) report.error('duplicate-name', `"${name}" is required already`, ['required', index]);
    seen.add(name);
  }
}

function toRuleOptions({ threshold, required, delegations, ...options }: WithInput): RuleOptions {
  return {
    ...options,
    ...(threshold === undefined ? {} : { threshold }),
    ...(required === undefined ? {} : { required }),
    ...(delegations === undefined ? {} : { delegations }),
  };
}
