import { verificationBusContract } from '../verification/verification-bus.contract.js';
import { InMemoryVerificationBus } from './in-memory-verification-bus.js';

verificationBusContract('InMemoryVerificationBus', ({ onEvent, ...options }) => {
  const bus = new InMemoryVerificationBus({ ...options, observer: { observe: onEvent } });
  return Promise.resolve({ bus, stop: () => bus.close() });
});
