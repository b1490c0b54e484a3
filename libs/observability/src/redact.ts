/** Places where a secret is known to stand in free text, each with what it becomes. Linear-time expressions only. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/(https?:\/\/)[^\s/@"\\]{1,512}@/gi, '$1***@'],
  [/(\/(?:services|workflows|triggers|webhookbot|hooks|webhooks)\/)[A-Za-z0-9_\-/]{1,512}/g, '$1***'],
  [/([?&](?:sig|token|key|access_token|password)=)[^\s&"\\]{1,2048}/gi, '$1***'],
  [/\b((?:Bearer|Basic|GenieKey)\s+)[A-Za-z0-9._~+/=-]{4,8192}/gi, '$1***'],
  [/("(?:password|token|routing_key|identitytoken|auth)"\s*:\s*")[^"]{1,4096}/gi, '$1***'],
];

/** Takes credentials out of a text: URLs of receivers, authorization values, passwords in JSON. */
export function redact(text: string): string {
  return SECRETS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}
