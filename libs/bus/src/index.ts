export { type BusKeys, readBusKeys } from './keys/bus-keys.js';
export { BusKeyError, type BusKeyFault } from './keys/error.js';
export { frame } from './keys/frame.js';
export { generateBusKeys } from './keys/generate-bus-keys.js';
export { compareKeyIds, type KeyId, parseKeyId } from './keys/key-id.js';
export { type Mac, RequestKeys } from './keys/request-keys.js';
export { DecisionKeys, type Signature, VerdictKeys } from './keys/signature-keys.js';
