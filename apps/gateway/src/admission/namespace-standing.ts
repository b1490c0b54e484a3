import type { NamespaceStanding } from '#admission';

import type { Deadline } from '../deadline.js';
import type { Revision } from '../revision.js';
import { ENFORCED, type LabelsOf } from './namespace-rules.js';

const nobodyKnows: LabelsOf = () => Promise.resolve(undefined);

/**
 * What the configuration says about a namespace; at once where no label is asked for. Never rejects: what nobody can
 * tell is enforced.
 */
export function standingOf(
  namespace: string,
  { revision, deadline }: { readonly revision: Revision; readonly deadline: Deadline },
  parts: {
    readonly labelsOf?: LabelsOf | undefined;
    readonly onFault: (error: unknown, doing: string) => void;
  },
): NamespaceStanding | Promise<NamespaceStanding> {
  const { labelsOf = nobodyKnows, onFault } = parts;
  const standing = revision.namespaces.standingOf(namespace, labelsOf, () => deadline.signal);
  if (!(standing instanceof Promise)) return standing;
  return standing.catch((error: unknown) => {
    onFault(error, 'reading the labels of a namespace');
    return ENFORCED;
  });
}
