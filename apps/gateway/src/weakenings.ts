import type { Configuration } from '#config';

/** The weakenings that a configuration has in force, by the names of their switches (design rule 10). */
export function weakeningsOf({ features, policy, registries }: Configuration): string[] {
  const { namespacedValidation } = features;
  return [
    ...(features.detectionMode ? ['detectionMode'] : []),
    ...(features.insecureDetectOnlyIn === undefined ? [] : ['insecureDetectOnlyIn']),
    ...(policy.some((rule) => rule.insecureDetectOnly === true) ? ['insecureDetectOnly'] : []),
    ...(features.resourceValidationMode === 'podsOnly' ? ['podsOnly'] : []),
    ...(namespacedValidation === undefined ? [] : ['namespacedValidation']),
    ...(namespacedValidation?.namespaces === undefined ? [] : [NAMED[namespacedValidation.mode]]),
    ...(features.automaticUnchangedApproval ? ['automaticUnchangedApproval'] : []),
    ...(features.patternMatching === 'connaisseur' ? ['connaisseurPatternMatching'] : []),
    ...(policy.some((rule) => rule.with.mode === 'insecureValidateOnly') ? ['insecureValidateOnly'] : []),
    ...(registries.some(({ insecurePlainHttp }) => insecurePlainHttp) ? ['insecurePlainHttp'] : []),
  ];
}

const NAMED = { ignore: 'insecureIgnoreNamespaces', validate: 'insecureOnlyNamespaces' } as const;
