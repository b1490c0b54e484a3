export { ALERTING, AlertingModule } from './alerting.module.js';
export {
  type AlertingHealth,
  type AlertingService,
  type AlertingServiceOptions,
  type AlertingSlice,
  createAlertingService,
} from './alerting-service.js';
export type { DecisionReader } from './decision-subscription.js';
export { DEFAULT_DELIVERY, type DeliverySettings } from './delivery-settings.js';
export {
  type AlertingUpdate,
  type RunningAlerting,
  startAlerting,
  type StartAlertingOptions,
} from './start-alerting.js';
export { type AlertingOptions, runAlerting } from './run-alerting.js';
