import 'reflect-metadata';

import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Cluster address of the Service `kubernetes`: the first of the plane's range. */
const KUBERNETES_ADDRESS = '10.0.0.1';
const SERVER_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Files with which the parts of a control plane know each other. */
export interface PlaneCredentials {
  readonly authority: string;
  readonly authorityPem: string;
  readonly server: PairFiles;
  readonly serviceAccount: { readonly key: string; readonly publicKey: string };
  /** Makes a client certificate: `commonName` is the user, `organization` its group. */
  client(commonName: string, organization?: string): Promise<PairFiles>;
}

export interface PairFiles {
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority, the API server's certificate and the key that signs service accounts' tokens. */
export async function makePlaneCredentials(folder: string): Promise<PlaneCredentials> {
  x509.cryptoProvider.set(webcrypto);
  await mkdir(folder, { recursive: true });
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=control plane of a test',
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = (name: string, subject: string, extensions: x509.Extension[]): Promise<PairFiles> =>
    issuePair(join(folder, name), subject, extensions, { root, key: keys.privateKey });
  const authority = join(folder, 'ca.crt');
  const authorityPem = `${root.toString('pem')}\n`;
  await writeFile(authority, authorityPem);
  return {
    authority,
    authorityPem,
    server: await issue('server', 'CN=kube-apiserver', [
      new x509.SubjectAlternativeNameExtension([
        ...SERVER_NAMES.map((value) => ({ type: 'dns' as const, value })),
        ...['127.0.0.1', KUBERNETES_ADDRESS].map((value) => ({ type: 'ip' as const, value })),
      ]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ]),
    serviceAccount: await serviceAccountKeys(folder),
    client: (commonName, organization) =>
      issue(
        commonName.replaceAll(/[^\w.-]/g, '-'),
        organization === undefined ? `CN=${commonName}` : `O=${organization}, CN=${commonName}`,
        [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
      ),
  };
}

async function issuePair(
  path: string,
  subject: string,
  extensions: x509.Extension[],
  issuer: { readonly root: x509.X509Certificate; readonly key: webcrypto.CryptoKey },
): Promise<PairFiles> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer.root.subjectName,
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const files = { cert: `${path}.crt`, key: `${path}.key` };
  await writeFile(files.cert, `${certificate.toString('pem')}\n`);
  await writeFile(files.key, x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), { mode: 0o600 });
  return files;
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 30 * DAY_MS) };
}

async function serviceAccountKeys(folder: string): Promise<{ key: string; publicKey: string }> {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const files = {
    key: join(folder, 'service-accounts.key'),
    publicKey: join(folder, 'service-accounts.pub'),
  };
  await writeFile(files.key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(files.publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  return files;
}
