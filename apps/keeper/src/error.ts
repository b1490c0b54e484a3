/** Why a command on the cluster stops before it changes anything. */
export type InstallationFault =
  | 'namespace'
  | 'second-release'
  | 'upstream-release'
  | 'foreign-webhook'
  | 'missing-secret'
  | 'settings'
  | 'configuration'
  | 'webhooks'
  | 'keys'
  | 'certificate'
  | 'gateway-silent'
  | 'not-armed'
  | 'no-cluster';

/** The installation cannot go on; the message says what is so and what to do. */
export class InstallationError extends Error {
  override readonly name = 'InstallationError';
  readonly code: InstallationFault;

  constructor(code: InstallationFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
