export { FileSource } from './file-source.js';
export { floorName, FloorStore, resetFloor, type SharedMemory } from './floor-store.js';
export { InMemoryFileSource } from './in-memory-file-source.js';
export type { NotaryEvent, NotaryObserver } from './notary-event.js';
export {
  type NotaryV1Dependencies,
  NotaryV1Validator,
  type NotaryV1ValidatorConfig,
} from './notaryv1-validator.js';
export type { TrustRootConfig } from './pins.js';
export { RelayedFloors } from './relayed-floors.js';
export { ServerFileSource } from './server-file-source.js';
