export { aDecidedImage, aDenial, anAdmission } from './decision-builder.js';
export { type ReceivedAlert, type ReceiverBehaviour, type ReceiverTls, VirtualReceiver } from './virtual-receiver.js';
