export type AlertRenderCode = 'NO_TEMPLATE' | 'NOT_AN_OBJECT' | 'TOO_LARGE';

/** An alert has no payload that could be sent. The template or `payloadFields` must change. */
export class AlertRenderError extends Error {
  override readonly name = 'AlertRenderError';
  readonly code: AlertRenderCode;

  constructor(code: AlertRenderCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
