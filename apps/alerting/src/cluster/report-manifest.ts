import {
  apiVersionOf,
  isJsonObject,
  type JsonObject,
  KINDS,
  type Manifest,
  type ResourceKind,
} from '#kubernetes';

import type { ObjectReference } from './object-reference.js';
import type { ReportResult, ReportStatus } from './report-result.js';

/** Name of the report about a namespace's objects that do not exist, because they were denied. */
export const DENIED_REPORT = 'connaisseur-denied';
/** The newest of those are kept. */
export const MAX_DENIED = 100;
/** Time of the decision that a report is from, ms. */
export const DECIDED_AT = 'connaisseur.securesystemsengineering/decided-at';

const STATUSES: readonly ReportStatus[] = ['pass', 'fail', 'warn', 'error', 'skip'];
const LABELS = { 'app.kubernetes.io/managed-by': 'connaisseur' };

/** The report about one workload: it goes with it, by its owner reference. */
export function workloadReport(
  kind: ResourceKind,
  object: ObjectReference & { readonly uid: string },
  results: readonly ReportResult[],
  decidedAt: number,
): Manifest {
  const { apiVersion, name, uid, namespace } = object;
  const owner = { apiVersion, kind: object.kind, name, uid };
  return {
    ...head(kind, namespace, `connaisseur-${uid.toLowerCase()}`),
    metadata: {
      name: `connaisseur-${uid.toLowerCase()}`,
      namespace,
      labels: LABELS,
      annotations: { [DECIDED_AT]: `${decidedAt}` },
      ownerReferences: [owner],
    },
    scope: object,
    ...contentOf(kind, results),
  };
}

/** The report of a namespace's denials: the newest result for each object, image and reason, and at most a hundred. */
export function deniedReport(
  kind: ResourceKind,
  namespace: string,
  before: readonly JsonObject[],
  added: readonly ReportResult[],
): Manifest {
  const ring = new Map<string, JsonObject>();
  for (const one of [...before, ...added.map((result): JsonObject => ({ ...result }))]) {
    const key = identityOf(one);
    const known = ring.get(key);
    if (known !== undefined && secondsOf(known) > secondsOf(one)) continue;
    ring.delete(key);
    ring.set(key, one);
  }
  const newest = [...ring.values()].toSorted((a, b) => secondsOf(a) - secondsOf(b)).slice(-MAX_DENIED);
  return { ...head(kind, namespace, DENIED_REPORT), ...contentOf(kind, newest) };
}

/** The results that a report has, whoever wrote them: nothing of another shape stays in it. */
export function resultsOf(report: JsonObject): readonly JsonObject[] {
  const { results } = report;
  return Array.isArray(results)
    ? results
        .filter(isJsonObject)
        .filter(({ source, policy }) => source === 'connaisseur' && typeof policy === 'string')
    : [];
}

function head(kind: ResourceKind, namespace: string, name: string): Manifest {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, namespace, labels: LABELS } };
}

function contentOf(kind: ResourceKind, results: readonly JsonObject[] | readonly ReportResult[]): JsonObject {
  const statuses = results.map(({ result }) => result);
  const summary = Object.fromEntries(
    STATUSES.map((status) => [status, statuses.filter((one) => one === status).length]),
  );
  // Only OpenReports has it for the report as a whole.
  return { ...(kind === KINDS.openReport && { source: 'connaisseur' }), summary, results };
}

/** By object and image, not by request: a controller that tries again is one result. */
function identityOf({ resources, policy, rule, properties }: JsonObject): string {
  const [object] = Array.isArray(resources) ? (resources as unknown[]) : [];
  const { kind, name } = isJsonObject(object) ? object : {};
  const { image, code } = isJsonObject(properties) ? properties : {};
  return JSON.stringify([kind, name, policy, rule, image, code]);
}

function secondsOf({ timestamp }: JsonObject): number {
  const { seconds } = isJsonObject(timestamp) ? timestamp : {};
  return typeof seconds === 'number' ? seconds : 0;
}
