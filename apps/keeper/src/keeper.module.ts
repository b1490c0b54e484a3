import { type DynamicModule, Module } from '@nestjs/common';
import type { Registry } from 'prom-client';

import { HealthReport, ManagementModule } from '#observability';

/** The keeper's management port; its work has no other entry. */
@Module({})
export class KeeperModule {
  static register(report: HealthReport, registry: Registry): DynamicModule {
    return { module: KeeperModule, imports: [ManagementModule.register({ report, registry })] };
  }
}
