import { afterAll, beforeAll } from 'vitest';

import { verificationBusContract } from '../../libs/bus/src/verification/verification-bus.contract.js';
import { BusRig } from './bus-rig.js';

let rig: BusRig;
beforeAll(async () => {
  rig = await BusRig.start();
});
afterAll(() => rig.stop());

verificationBusContract('RedisVerificationBus', async ({ handler, hedge, maxInFlight, onEvent }) => {
  const observer = { observe: onEvent };
  const bus = await rig.gateway({ observer, hedge, ...(maxInFlight === undefined ? {} : { maxInFlight }) });
  // Two, so that a hedge has somewhere to go while the first one is stuck.
  await Promise.all([
    rig.verifier(handler, { observer, slots: 64 }),
    rig.verifier(handler, { observer, slots: 64 }),
  ]);
  return { bus, stop: () => rig.reset() };
});
