import { HealthReport } from '#observability';

/** Ready from the first look on that succeeded; one that is long ago is detail and an alert, no reason to restart. */
export class KeeperHealth extends HealthReport {
  readonly #lastLook: () => Date | undefined;

  constructor(lastLook: () => Date | undefined) {
    super();
    this.#lastLook = lastLook;
  }

  override isReady(): boolean {
    return this.#lastLook() !== undefined;
  }

  override detail(): Record<string, unknown> {
    return { lastLook: this.#lastLook()?.toISOString() };
  }
}
