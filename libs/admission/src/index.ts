export { type AdmissionReviewRequest, type Operation, parseAdmissionReview } from './admission-review.js';
export type { ForeignObject } from './foreign-json.js';
export { type ReviewEnvelope, ReviewError, type ReviewFault } from './review-error.js';
export { findImageSites, type FindOptions } from './find-image-sites.js';
export type {
  FoundSites,
  ImageDrivers,
  ImageList,
  ImageSite,
  ImageSites,
  NoImagesReason,
  NoSites,
  SiteFault,
  SiteId,
  UnreadableSites,
} from './image-sites.js';
export { admittedWorkload } from './admitted-workload.js';
export { childSites, type GovernedBy, type OwnerEvidence } from './child-sites.js';
export { ControllerOwner } from './controller-owner.js';
export { objectUidOf } from './object-uid.js';
export { plainReference, plainText } from './plain-text.js';
export { pinnedDigest } from './pinned-digest.js';
export { unchangedSites } from './unchanged-sites.js';
export { pullSecretNames, type PullSecretNames } from './pull-secret-names.js';
export { pendingImages } from './pending-images.js';
export type { ChildGround, Ground, StaticGround, UnchangedGround, VerifiedGround } from './ground.js';
export { type JudgedBy, judgementOf, type SiteJudgement } from './judgement.js';
export { effectiveMode, type NamespaceStanding } from './effective-mode.js';
export { decide, type Decision, denyRequest, withhold } from './decide.js';
export type { Denial, Mode, Problem } from './decision.js';
export type { JudgedAs } from './problem.js';
export type { PatchOperation } from './json-patch.js';
export { headline } from './denial-message.js';
export { type AdmissionReviewAnswer, isLetIn, renderAnswer, type RenderOptions } from './render-answer.js';
export type { AnswerStatus } from './answer-status.js';
export { renderReviewError, type ReviewErrorAnswer } from './render-review-error.js';
export { decidedImages } from './decided-images.js';
