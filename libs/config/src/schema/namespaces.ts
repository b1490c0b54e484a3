import { z } from 'zod';

/** RFC 1123 label with stars: a name of a namespace, or a pattern for several. */
const NAME = /^[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?$/;
const MAX_NAMES = 256;

/** Names of namespaces, at least one. */
export function namespaceNames() {
  const name = z.string().regex(NAME, {
    error: 'expected the name of a namespace (RFC 1123 label), with * for any run of characters',
  });
  return z.array(name).min(1).max(MAX_NAMES);
}

/** Names of namespaces without patterns, at least one: each gets a RoleBinding of its own. */
export function exactNamespaceNames() {
  const name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'expected the name of a namespace (RFC 1123 label), without *',
  });
  return z.array(name).min(1).max(MAX_NAMES);
}

/** Kubernetes' label syntax: `[prefix/]name`, and a value of the same characters or none. */
const KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const labelKey = () => z.string().regex(KEY, { error: 'expected a label key' });
const labelValue = () => z.string().regex(VALUE, { error: 'expected a label value' });
const key = labelKey().describe('Key of the label.');

const Expression = z.discriminatedUnion('operator', [
  z.strictObject({
    key,
    operator: z.enum(['In', 'NotIn']).describe('How the label is compared with the values.'),
    values: z.array(labelValue()).min(1).max(64).describe('Values to compare with.'),
  }),
  z.strictObject({
    key,
    operator: z.enum(['Exists', 'DoesNotExist']).describe('Whether the label must be there.'),
  }),
]);

/** A label selector as Kubernetes has it, but for the empty one: everything must not be chosen by leaving all out. */
export const NamespaceSelectorSchema = z
  .strictObject({
    matchLabels: z.record(labelKey(), labelValue()).optional().describe('Labels that all must be there.'),
    matchExpressions: z.array(Expression).max(64).optional().describe('Conditions that all must hold.'),
  })
  .refine(
    ({ matchLabels = {}, matchExpressions = [] }) =>
      Object.keys(matchLabels).length + matchExpressions.length > 0,
    { error: 'expected at least one label in the selector' },
  );
