/** RFC 1123 subdomain. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const UID = /^[A-Za-z0-9-]{1,128}$/;

/** True for what the API server lets an object be called: safe in a path (K27) and in a message. */
export function isObjectName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

/** True for what looks like a UID that the API server gave. */
export function isObjectUid(value: unknown): value is string {
  return typeof value === 'string' && UID.test(value);
}
