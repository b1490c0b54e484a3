export { alertIdOf, alertKeyOf, detectionKeyOf, eventIdOf } from './alert-id.js';
export { alertOutcome, isOnlyDetected } from './alert-outcome.js';
export type { AlertPayload } from './alert-request.js';
export { AlertSender, type AlertSubject } from './alert-sender.js';
export { alertMessage, alertTitle } from './alert-text.js';
export {
  type AlertContext,
  type AlertVariables,
  alertVariables,
  VARIABLE_TYPES,
  type VariableName,
} from './alert-variables.js';
export type { TemplateSource } from './compile-template.js';
export { deliver, type Delivery } from './deliver.js';
export type { DeliveryFault, DeliveryOutcome } from './delivery-outcome.js';
export { type AlertRenderCode, AlertRenderError } from './error.js';
export { type Profile, type ProfileName, type ResolvedProfile, resolveProfile } from './profile.js';
export { readTemplates, type TemplateFiles } from './read-templates.js';
export { type AlertRoute, receiverKey, routeAlert } from './route-alert.js';
export { TemplateCatalogue } from './template-catalogue.js';
export { checkReceivers } from './check-receivers.js';
export type { AlertAnswer, AlertRequest, AlertTransport } from './transport.js';
