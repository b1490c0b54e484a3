import { keychainEnvironment } from '#keychain';
import { RelayedFloors } from '#validator-notaryv1';
import type { NotaryMemory, VerificationEngine } from '#verification';

import type { GatewayOptions } from './gateway-options.js';
import type { GatewayMetrics } from './management/gateway-metrics.js';
import { DirectVerification, type LocalVerification } from './verdicts/local-verification.js';
import { ThreadedVerification } from './verdicts/threaded-verification.js';

/** How this gateway looks itself: in a thread with a heap of its own, or, where nothing else shares the process, here. */
export function createLocal(
  options: GatewayOptions,
  metrics: GatewayMetrics,
  engine: () => VerificationEngine,
  notary: NotaryMemory,
): LocalVerification {
  if (options.isolation === 'none') return new DirectVerification(engine);
  const { secretsDirectory, dockerConfig, configuration, log } = options;
  return new ThreadedVerification({
    setup: () => ({ source: configuration.source, secretsDirectory, dockerConfig }),
    floors: new RelayedFloors(notary.floors),
    onNotary: notary.observe,
    env: keychainEnvironment(process.env),
    onCrash: (error) => {
      metrics.verificationCrashes.inc();
      log.error({ err: error }, 'a verification thread ended; a new one takes over');
    },
  });
}
