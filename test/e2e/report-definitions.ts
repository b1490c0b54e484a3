/** Definition of one of the two report APIs, with the published names and the fields that a writer is held to. */
export function reportDefinition(api: 'openreports' | 'wgpolicyk8s'): unknown {
  const [group, version, kind, plural] =
    api === 'openreports'
      ? ['openreports.io', 'v1alpha1', 'Report', 'reports']
      : ['wgpolicyk8s.io', 'v1alpha2', 'PolicyReport', 'policyreports'];
  const properties = {
    ...(api === 'openreports' && { source: TEXT }),
    scope: REFERENCE,
    summary: objectOf(Object.fromEntries(STATUSES.map((status) => [status, INTEGER]))),
    results: { type: 'array', items: RESULT },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, a definition for tests' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema: objectOf(properties) } },
      ],
    },
  };
}

const TEXT = { type: 'string' };
const INTEGER = { type: 'integer' };
const STATUSES = ['pass', 'fail', 'warn', 'error', 'skip'];
const REFERENCE = {
  ...objectOf(
    Object.fromEntries(
      ['apiVersion', 'fieldPath', 'kind', 'name', 'namespace', 'resourceVersion', 'uid'].map((name) => [
        name,
        TEXT,
      ]),
    ),
  ),
  'x-kubernetes-map-type': 'atomic',
};
const RESULT = objectOf(
  {
    source: TEXT,
    policy: TEXT,
    rule: TEXT,
    category: TEXT,
    message: TEXT,
    scored: { type: 'boolean' },
    result: { ...TEXT, enum: STATUSES },
    severity: { ...TEXT, enum: ['critical', 'high', 'medium', 'low', 'info'] },
    timestamp: objectOf(
      { seconds: { ...INTEGER, format: 'int64' }, nanos: { ...INTEGER, format: 'int32' } },
      ['nanos', 'seconds'],
    ),
    resources: { type: 'array', items: REFERENCE },
    properties: { type: 'object', additionalProperties: TEXT },
  },
  ['policy'],
);

function objectOf(properties: object, required?: readonly string[]): object {
  return { type: 'object', properties, ...(required !== undefined && { required }) };
}
