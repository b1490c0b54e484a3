import type { Report } from '../report.js';
import type { TrustRootInput } from '../schema/trust-root.js';
import { didYouMean } from '../suggestion.js';

import { certificatesAt, publicKeyAt } from './pem-field.js';

/** References that are known and not built; anything else that is no PEM (file, URL, env://) is never fetched. */
const KEY_REFERENCE = /^(awskms|azurekms|gcpkms|hashivault|k8s|gitlab):\/\/\S+$/;
const KEY_SCHEMES = ['awskms', 'azurekms', 'gcpkms', 'hashivault', 'k8s', 'gitlab'];

export type TrustRootKind = 'cosign' | 'notaryv1' | 'notation';

/** What stands in a trust root, once it is checked: keys and certificates are in our spelling. */
export type CheckedTrustRoot = TrustRootInput & { readonly kind: 'key' | 'keyless' | 'kms' | 'cert' };

/** The trust roots of one validator; the report is that of the list. */
export function checkTrustRoots(
  roots: readonly TrustRootInput[],
  type: TrustRootKind,
  report: Report,
): readonly CheckedTrustRoot[] {
  const checked = roots.map((root, index) => checkTrustRoot(root, type, report.at(index)));
  checkNames(roots, report);
  checkDistinctKeys(checked, type, report);
  return checked;
}

function checkTrustRoot(root: TrustRootInput, type: TrustRootKind, report: Report): CheckedTrustRoot {
  const given = (['key', 'cert', 'keyless'] as const).filter((kind) => root[kind] !== undefined);
  const wanted = { cosign: 'key, keyless or cert', notaryv1: 'key', notation: 'cert' }[type];
  if (given.length === 0) report.error('required', `expected ${wanted}, got none`);
  if (given.length > 1)
    report.error('exclusive', `expected one of key, cert and keyless, got ${given.join(' and ')}`);
  if (given.length === 1 && type !== 'cosign' && given[0] !== wanted) {
    report.error('required', `expected ${wanted} for a validator of type ${type}, got ${given[0]}`);
  }
  checkKeyless(root, report);
  if (root.tsCert !== undefined && type !== 'notation') {
    report.warning('no-effect', `tsCert has no effect for a validator of type ${type}`, ['tsCert'], 'key');
  }
  return {
    ...root,
    ...(root.cert === undefined ? {} : { cert: certificatesAt(root.cert, report, ['cert']) }),
    ...(root.tsCert === undefined ? {} : { tsCert: certificatesAt(root.tsCert, report, ['tsCert']) }),
    ...checkKey(root, type, report),
  };
}

function checkKey(
  { name, key, cert, keyless }: TrustRootInput,
  type: TrustRootKind,
  report: Report,
): Pick<CheckedTrustRoot, 'key' | 'kind'> {
  if (key === undefined) {
    const isUnbuilt = type === 'cosign';
    if (isUnbuilt && keyless !== undefined) warnUnbuilt('a keyless identity', name, 'keyless', report);
    if (isUnbuilt && cert !== undefined) warnUnbuilt('a certificate', name, 'cert', report);
    return { kind: keyless === undefined ? 'cert' : 'keyless' };
  }
  if (key.includes('-----BEGIN')) return { kind: 'key', key: publicKeyAt(key, report, ['key']) };
  if (type === 'cosign' && KEY_REFERENCE.test(key)) {
    warnUnbuilt('a key reference', name, 'key', report);
    return { kind: 'kms', key };
  }
  const scheme = /^([a-z0-9]+):\/\//.exec(key)?.[1];
  const hint = scheme === undefined ? '' : didYouMean(scheme, KEY_SCHEMES);
  report.error('public-key', `expected a public key as PEM; files, URLs and variables are not read${hint}`, [
    'key',
  ]);
  return { kind: 'key', key };
}

function warnUnbuilt(what: string, name: string, key: string, report: Report): void {
  const message = `${what} is not implemented in this version: a rule that resolves to "${name}" denies with CNS-3001`;
  report.warning('unbuilt', message, [key], 'key');
}

function checkKeyless({ keyless }: TrustRootInput, report: Report): void {
  if (keyless === undefined) return;
  for (const [exact, regex] of [
    ['issuer', 'issuerRegex'],
    ['subject', 'subjectRegex'],
  ] as const) {
    const given = [exact, regex].filter((key) => keyless[key] !== undefined).length;
    if (given === 0) report.error('required', `expected ${exact} or ${regex}, got none`, ['keyless']);
    if (given === 2)
      report.error('exclusive', `expected ${exact} or ${regex}, got both`, ['keyless', regex], 'key');
  }
}

function checkNames(roots: readonly TrustRootInput[], report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name }] of roots.entries()) {
    if (name === '*')
      report.error('value', 'expected a name, got "*": rules write that for all trust roots', [
        index,
        'name',
      ]);
    if (seen.has(name))
      report.error('duplicate-name', `this validator has a trust root "${name}" already`, [index, 'name']);
    seen.add(name);
  }
}

/** One key under two names would count twice towards a threshold. Notary counts no thresholds: a warning there. */
function checkDistinctKeys(roots: readonly CheckedTrustRoot[], type: TrustRootKind, report: Report): void {
  const owners = new Map<string, string>();
  for (const [index, { name, kind, key }] of roots.entries()) {
    if (key === undefined || (kind !== 'key' && kind !== 'kms')) continue;
    const owner = owners.get(key);
    if (owner === undefined) {
      owners.set(key, name);
      continue;
    }
    const message = `this key is already that of trust root "${owner}": one signer, one trust root`;
    if (type === 'cosign') report.error('duplicate-trust', message, [index, 'key']);
    else report.warning('duplicate-trust', message, [index, 'key']);
  }
}
