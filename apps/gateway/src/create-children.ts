import { type RedisConnection, RedisAdmittedWorkloads, workloadSigner, workloadVerifier } from '#bus';

import { ChildApproval } from './admission/child-approval.js';
import type { ClusterView } from './create-cluster.js';
import type { GatewayOptions } from './gateway-options.js';
import type { GatewayMetrics } from './management/gateway-metrics.js';
import { admittedWorkloadsObserver } from './management/observers.js';
import type { VerdictService } from './verdicts/verdict-service.js';

/** Child approval over Redis and the API server; nothing where there is no way to the latter. */
export function createChildren(
  { kubernetes, cluster, keys, log }: GatewayOptions,
  parts: {
    readonly metrics: GatewayMetrics;
    readonly redis: RedisConnection;
    readonly verdicts: VerdictService;
    readonly view: ClusterView;
    readonly onFault: (error: unknown, doing?: string) => void;
  },
): ChildApproval | undefined {
  if (kubernetes === undefined) return undefined;
  const { metrics, redis, verdicts, view, onFault } = parts;
  return new ChildApproval({
    records: new RedisAdmittedWorkloads({
      redis,
      cluster,
      signer: workloadSigner(() => keys().decisions),
      verifier: workloadVerifier(() => keys().decisions),
      now: Date.now,
      observe: admittedWorkloadsObserver(metrics.admittedWorkloads, log),
    }),
    findOwner: (owner, signal) => view.findOwner(owner, signal),
    isRemembered: (key) => verdicts.isCached(key),
    now: Date.now,
    observe: (result) => metrics.childApprovals.inc({ result }),
    onFault: (error) => onFault(error, 'approving a child'),
  });
}
