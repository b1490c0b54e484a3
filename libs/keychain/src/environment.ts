/** What the SDKs read: the identity, where to ask, which certificates to believe. No proxy, no password of ours. */
const NAMES =
  /^(?:AWS_[A-Z0-9_]+|AZURE_[A-Z0-9_]+|GOOGLE_[A-Z0-9_]+|GCE_METADATA_(?:HOST|IP)|METADATA_SERVER_DETECTION|GCLOUD_PROJECT|IDENTITY_[A-Z_]+|IMDS_ENDPOINT|MSI_[A-Z_]+|HOME|NODE_EXTRA_CA_CERTS)$/;

/** The part of an environment that a thread needs for the keychain. */
export function keychainEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && NAMES.test(name) ? [[name, value] as const] : [],
    ),
  );
}
