import { type DynamicModule, Module } from '@nestjs/common';
import type { Registry } from 'prom-client';

import { HealthReport, ManagementModule } from '#observability';

import { VerificationController } from './verification.controller.js';
import { VerificationService } from './verification.service.js';

/** A verifier as a Nest microservice: one controller behind the bus, and the management port. */
@Module({})
export class VerifierModule {
  static register(service: VerificationService, report: HealthReport, registry: Registry): DynamicModule {
    return {
      module: VerifierModule,
      imports: [ManagementModule.register({ report, registry })],
      controllers: [VerificationController],
      providers: [{ provide: VerificationService, useValue: service }],
    };
  }
}
