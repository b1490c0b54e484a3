export { AdmittedWorkload, MAX_ADMITTED_IMAGES } from './admitted-workload.js';
export { Verdict } from './verdict.js';
export { PROTOCOL_VERSION, VerificationReply, VerificationRequest } from './verification.js';
export { type AlertOutcome, DecisionRecord, DecidedImage, type Phase } from './decision.js';
