export {
  CODES,
  type Code,
  type FaultCode,
  isRefusalCode,
  type RefusalCode,
  type UndecidedCode,
} from './codes.js';
export { RefusedError, type RefusalDetails, UndecidedError, ValidatorSetupError } from './error.js';
export { Trace } from './trace.js';
export type { Evidence, EvidenceStep } from './trace.js';
export { Validator } from './validator.js';
export type { CheckContext, Proof, RuleCheck, RuleOptions } from './validator.js';
