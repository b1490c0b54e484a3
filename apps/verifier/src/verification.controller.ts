import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';

import { StreamsContext, VERIFY_PATTERN, type VerifierAnswer } from '#bus';
import type { VerificationRequest } from '#contracts';

import { VerificationService } from './verification.service.js';

/** The bus' door: one authenticated request in, one answer out. */
@Controller()
export class VerificationController {
  constructor(private readonly service: VerificationService) {}

  @MessagePattern(VERIFY_PATTERN)
  async verify(
    @Payload() request: VerificationRequest,
    @Ctx() context: StreamsContext,
  ): Promise<VerifierAnswer> {
    return await this.service.verify(request, context.signal);
  }
}
