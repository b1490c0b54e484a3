import { Controller, type DynamicModule, Get, Header, HttpException, Inject, Module } from '@nestjs/common';
import type { Registry } from 'prom-client';

/** What a process says of itself on its management port. */
export abstract class HealthReport {
  /** Ready is: can do its work. Lost dependencies that it can do without are detail, not unreadiness. */
  abstract isReady(): boolean;
  /** For people and `doctor`: no secret, no image name. */
  abstract detail(): Record<string, unknown>;
}

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

/** `/health`, `/ready` with detail and `/metrics`: the management port of every service. */
@Module({})
export class ManagementModule {
  static register(options: { report: HealthReport; registry: Registry }): DynamicModule {
    return {
      module: ManagementModule,
      controllers: [HealthController, MetricsController],
      providers: [
        { provide: HealthReport, useValue: options.report },
        { provide: METRICS, useValue: options.registry },
      ],
    };
  }
}
