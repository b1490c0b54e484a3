import type { DecisionLog } from '#bus';
import type { DecisionRecord } from '#contracts';

import type { Revision } from '../revision.js';
import type { ChildApproval } from './child-approval.js';
import type { RecordedBy } from './decision-record.js';
import type { MandatoryAlerts } from './mandatory-alerts.js';
import type { LabelsOf } from './namespace-rules.js';
import type { ObjectExaminer } from './object-examiner.js';

/** What a reviewer is made of. */
export interface ReviewerOptions {
  /** The configuration in force; asked once for each review. */
  readonly revision: () => Revision;
  readonly examiner: Pick<ObjectExaminer, 'examine'>;
  /** Keeps what was admitted, so that it can vouch for its children. */
  readonly children?: Pick<ChildApproval, 'remember'> | undefined;
  /** Labels of namespaces; absent: nobody can tell, which is no label. */
  readonly labelsOf?: LabelsOf | undefined;
  readonly decisions: DecisionLog;
  readonly mandatoryAlerts: Pick<MandatoryAlerts, 'deliver'>;
  readonly recordedBy: RecordedBy;
  readonly observe: (record: DecisionRecord, seconds: number) => void;
  readonly onFault: (error: unknown, doing: string) => void;
  readonly maxInFlight?: number;
}
