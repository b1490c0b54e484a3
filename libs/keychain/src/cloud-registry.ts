/** A registry of a cloud provider, known by the grammar of its host and nothing else. */
export type CloudRegistry =
  | { readonly provider: 'aws'; readonly host: string; readonly region: string; readonly fips: boolean }
  | { readonly provider: 'google'; readonly host: string }
  | { readonly provider: 'azure'; readonly host: string };

/** Account, region, and the suffix of the region's partition; AWS, "Private registry concepts". */
const ECR =
  /^[0-9]{12}\.dkr\.ecr(-fips)?\.([a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2})\.amazonaws\.com(\.cn)?$/;
const GOOGLE = [/^(?:[a-z0-9][a-z0-9-]{0,40}\.)?gcr\.io$/, /^[a-z0-9][a-z0-9-]{0,60}-docker\.pkg\.dev$/];
/** The registry's name is letters and digits; a random suffix after a dash since domain name labels exist. */
const AZURE = /^[a-z0-9][a-z0-9-]{3,61}[a-z0-9]\.azurecr\.(?:io|cn|us)$/;

/**
 * The provider whose tokens a host may have: the whole host is matched, so that nothing that only looks like one is. Hosts
 * with a port are none. `public.ecr.aws` is none either: it is read without a token.
 */
export function cloudRegistry(host: string): CloudRegistry | undefined {
  const ecr = ECR.exec(host);
  if (ecr !== null) {
    const [, fips, region = '', china] = ecr;
    const isChina = region.startsWith('cn-');
    return isChina === (china !== undefined)
      ? { provider: 'aws', host, region, fips: fips !== undefined }
      : undefined;
  }
  if (GOOGLE.some((pattern) => pattern.test(host))) return { provider: 'google', host };
  return AZURE.test(host) ? { provider: 'azure', host } : undefined;
}
