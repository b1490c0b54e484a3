import { Controller, type DynamicModule, Get, Header, HttpException, Inject, Module } from '@nestjs/common';
import type { Registry } from 'prom-client';

import { HealthReport } from './health-report.js';

/** Token of the metrics that `/metrics` shows. */
export const METRICS = 'connaisseur.metrics';

@Controller()
class HealthController {
  constructor(private readonly report: HealthReport) {}

  @Get('health')
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  ready(): Record<string, unknown> {
    const body = { status: this.report.isReady() ? 'ready' : 'not ready', ...this.report.detail() };
    if (!this.report.isReady()) throw new HttpException(body, 503);
    return body;
  }
}

@Controller()
class MetricsController {
  constructor(@Inject(METRICS) private readonly registry: Registry) {}

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async metrics(): Promise<string> {
    return await this.registry.metrics();
  }
}

/** What `ManagementModule` loads. */
@Module({})
export class ManagementControllers {
  static register(options: { report: HealthReport; registry: Registry }): DynamicModule {
    return {
      module: ManagementControllers,
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: HealthReport, useValue: options.report },
        { provide: METRICS, useValue: options.registry },
      ],
    };
  }
}
