import type { DynamicModule } from '@nestjs/common';
import type { Registry } from 'prom-client';

import type { HealthReport } from './health-report.js';

/**
 * `/health`, `/ready` with detail and `/metrics`: the management port of every service. Loads Nest when it is registered: a
 * gateway answers admissions before that.
 */
export const ManagementModule = {
  async register(options: { report: HealthReport; registry: Registry }): Promise<DynamicModule> {
    const { ManagementControllers } = await import('./management.module.js');
    return ManagementControllers.register(options);
  },
} as const;
