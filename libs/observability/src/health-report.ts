/** What a process says of itself on its management port. */
export abstract class HealthReport {
  /** Ready is: can do its work. Lost dependencies that it can do without are detail, not unreadiness. */
  abstract isReady(): boolean;
  /** For people and `doctor`: no secret, no image name. */
  abstract detail(): Record<string, unknown>;
}
