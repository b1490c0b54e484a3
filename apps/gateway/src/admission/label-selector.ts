import type { LabelSelector } from '#config';

/** True where the labels are what the selector asks for, as Kubernetes has it: an absent label is `NotIn` anything. */
export function selects(
  { matchLabels, matchExpressions }: LabelSelector,
  labels: ReadonlyMap<string, string>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels.get(key) === value) &&
    matchExpressions.every((expression) => holds(expression, labels.get(expression.key)))
  );
}

function holds(expression: LabelSelector['matchExpressions'][number], value: string | undefined): boolean {
  switch (expression.operator) {
    case 'In':
      return value !== undefined && expression.values.includes(value);
    case 'NotIn':
      return value === undefined || !expression.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
