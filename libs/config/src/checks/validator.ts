import type { CosignConfig, NotaryV1Config, TrustRootConfig, ValidatorConfig } from '../configuration.js';
import type { Report } from '../report.js';
import { canonicalJson } from '../revision.js';
import type { CosignInput, NotaryV1Input, ValidatorInput } from '../schema/validator.js';

import { checkAuth } from './auth.js';
import { serviceUrlAt } from './host.js';
import { certificatesAt, publicKeyAt } from './pem-field.js';
import { type CheckedTrustRoot, checkTrustRoots } from './trust-roots.js';

/** One validator after all checks, with what rules need to know about it. */
export interface CheckedValidator {
  readonly config: ValidatorConfig;
  readonly trustRoots: readonly string[];
  /** Everything that it was configured with, defaults and all, as one text; also what this version does not build. */
  readonly meaning: string;
}

const NOTARY_HOST = 'notary.docker.io';

/** Checks what the schema cannot see. Problems are in the report; the value is then not to be used. */
export function checkValidator(input: ValidatorInput, report: Report): CheckedValidator {
  switch (input.type) {
    case 'static':
      return { config: input, trustRoots: [], meaning: canonicalJson(input) };
    case 'cosign':
      return checkCosign(input, report);
    case 'notaryv1':
      return checkNotaryV1(input, report);
    case 'notation':
      return checkUnbuilt(input, report);
  }
}

function checkCosign(input: CosignInput, report: Report): CheckedValidator {
  const { name, type } = input;
  const roots = checkTrustRoots(input.trustRoots, type, report.at('trustRoots'));
  const auth = checkAuth(input.auth, type, report);
  const cert = optional(input.cert, (text) => certificatesAt(text, report, ['cert']));
  const host = checkSigstore(input.host ?? {}, report.at('host'));
  const config: CosignConfig = {
    type,
    name,
    trustRoots: roots.map(toTrustRootConfig),
    auth,
    cert,
    host: { rekor: host.rekor, rekorPubkey: host.rekorPubkey },
  };
  return {
    config,
    trustRoots: namesOf(roots),
    meaning: canonicalJson({ ...input, trustRoots: roots, auth, cert, host }),
  };
}

type Sigstore = NonNullable<CosignInput['host']>;

function checkSigstore(
  host: Sigstore,
  report: Report,
): { [Key in keyof Required<Sigstore>]: string | undefined } {
  for (const key of ['fulcioCert', 'ctLogPubkey'] as const) {
    if (host[key] !== undefined)
      report.warning(
        'unbuilt',
        `${key} is for keyless signatures, which this version does not verify`,
        [key],
        'key',
      );
  }
  if (host.rekor !== undefined) {
    const key =
      host.rekorPubkey === undefined ? '; give its key as rekorPubkey, or its proofs are not believed' : '';
    const message = `the log is not asked in this version: the proof that a signature carries is checked offline${key}`;
    report.warning('unbuilt', message, ['rekor'], 'key');
  }
  return {
    rekor: optional(host.rekor, (text) => serviceUrlAt(text, report, ['rekor'])?.href.replace(/\/+$/, '')),
    rekorPubkey: optional(host.rekorPubkey, (text) => publicKeyAt(text, report, ['rekorPubkey'])),
    fulcioCert: optional(host.fulcioCert, (text) => certificatesAt(text, report, ['fulcioCert'])),
    ctLogPubkey: optional(host.ctLogPubkey, (text) => publicKeyAt(text, report, ['ctLogPubkey'])),
  };
}

function checkNotaryV1(input: NotaryV1Input, report: Report): CheckedValidator {
  const { name, type, unsafeIgnoreCollectionName, maxTimestampAgeSeconds } = input;
  const roots = checkTrustRoots(input.trustRoots, type, report.at('trustRoots'));
  const auth = checkAuth(input.auth, type, report);
  const cert = optional(input.cert, (text) => certificatesAt(text, report, ['cert']));
  const host = checkNotaryHost(input.host, report);
  if (unsafeIgnoreCollectionName) {
    const message =
      'unsafeIgnoreCollectionName: whoever has signed one collection with a pinned root key has signed for all others';
    report.warning('weakened', message, ['unsafeIgnoreCollectionName']);
  }
  const config: NotaryV1Config = {
    type,
    name,
    trustRoots: roots.map((root) => ({ name: root.name, key: root.key ?? '' })),
    auth,
    cert,
    host: host ?? '',
    unsafeIgnoreCollectionName,
    maxTimestampAgeSeconds,
  };
  return {
    config,
    trustRoots: namesOf(roots),
    meaning: canonicalJson({ ...input, trustRoots: roots, auth, cert, host }),
  };
}

function checkUnbuilt(
  input: Extract<ValidatorInput, { type: 'notation' }>,
  report: Report,
): CheckedValidator {
  const { name, type } = input;
  const message = `validators of type ${type} are not implemented in this version: a rule that resolves to "${name}" denies with CNS-3001`;
  report.warning('unbuilt', message, ['type']);
  const roots = checkTrustRoots(input.trustRoots, type, report.at('trustRoots'));
  const auth = checkAuth(input.auth, type, report);
  const cert = optional(input.cert, (text) => certificatesAt(text, report, ['cert']));
  return {
    config: { type, name },
    trustRoots: namesOf(roots),
    meaning: canonicalJson({ ...input, trustRoots: roots, auth, cert, host: undefined }),
  };
}

function checkNotaryHost(host: string | undefined, report: Report): string | undefined {
  const url = serviceUrlAt(host ?? NOTARY_HOST, report, ['host']);
  if (url?.hostname === NOTARY_HOST) {
    const implied = host === undefined ? ' (implied where host is not given)' : '';
    const message = `${NOTARY_HOST}${implied} ends on 8 December 2026: name another host`;
    report.warning('service-ends', message, [host === undefined ? 'type' : 'host']);
  }
  return url?.href;
}

function toTrustRootConfig({ name, kind, key }: CheckedTrustRoot): TrustRootConfig {
  if (kind === 'key') return { name, material: { kind, pem: key ?? '' } };
  return { name, material: { kind: 'unbuilt', what: kind } };
}

function namesOf(roots: readonly CheckedTrustRoot[]): readonly string[] {
  return roots.map(({ name }) => name);
}

function optional<Result>(text: string | undefined, check: (text: string) => Result): Result | undefined {
  return text === undefined ? undefined : check(text);
}
